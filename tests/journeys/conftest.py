"""Answers with the source and time a test wants, through the product's own store."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def hear(app: FastAPI) -> Callable[..., Awaitable[None]]:
    """await hear("checkout", {5: 10, 1: 3}, source="web", at=...): so many answers of each rating."""

    async def _hear(key: str, ratings: dict[int, int], source: str = "web", at: datetime = NOW) -> None:
        known = await app.state.registry.get(key)
        said = [
            Answer(known.id, uuid7(), rating, None, "", source, "", None, None, None, at, at, zone=known.zone)
            for rating, times in ratings.items()
            for _ in range(times)
        ]
        await app.state.db.write(lambda session: store(session, said))

    return _hear
