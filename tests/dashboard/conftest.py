"""The dashboard is looked at in the same browser as the pages that customers see."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import ADMIN_KEY, client_of
from tests.pages.conftest import browser, context, live_server, serve, site, tab  # noqa: F401 - fixtures


@pytest.fixture
async def person(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody signed in with the admin key."""
    async with client_of(app) as signed_in:
        await signed_in.post("/login", data={"key": ADMIN_KEY})
        yield signed_in
