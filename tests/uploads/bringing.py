"""Files brought to the page Import, as a browser without a script does it."""

import asyncio
import io
import re
import time
from collections.abc import Sequence
from typing import Any

import httpx
import openpyxl

from tests.dashboard.company import press


async def token(person: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await person.get("/import")).text)
    assert found
    return found[1]


async def bring(person: httpx.AsyncClient, name: str, content: bytes | str) -> httpx.Response:
    """What the page answers to a file."""
    body = content.encode() if isinstance(content, str) else content
    sent = {"data": {"csrf": await token(person)}, "files": {"file": (name, body)}}
    return await person.post("/import", **sent)


async def brought(person: httpx.AsyncClient, name: str, content: bytes | str) -> str:
    """The address of a file that was understood."""
    answer = await bring(person, name, content)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def imported(person: httpx.AsyncClient, path: str) -> str:
    """The report's page, after a yes."""
    assert (await press(person, f"{path}/begin", path)).status_code == 303
    return await ended(person, path)


async def ended(person: httpx.AsyncClient, path: str, within: float = 30) -> str:
    """The page once the import is over."""
    until = time.monotonic() + within
    while 'id="progress"' in (page := (await person.get(path)).text):
        assert time.monotonic() < until, page
        await asyncio.sleep(0.05)
    return page


def facts(page: str) -> dict[str, int]:
    """The numbers of a report."""
    return {name: int(n.replace(",", "")) for name, n in re.findall(r"<dt>([^<]+)</dt><dd>([\d,]+)</dd>", page)}


def workbook(*rows: Sequence[Any]) -> bytes:
    """A spreadsheet's file."""
    book, kept = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(kept)
    return kept.getvalue()
