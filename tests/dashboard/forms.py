"""Forms of the dashboard, sent as a browser without a script does."""

import re
from typing import Any

import httpx


async def send(person: httpx.AsyncClient, page: str, to: str, **data: Any) -> httpx.Response:
    """Send a form of `page`, with its token."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await person.get(page)).text)
    assert found
    return await person.post(to, data={"csrf": found[1], **data})
