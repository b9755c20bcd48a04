"""A mailing, a clock that tests turn, and people who look at pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class Clock:
    """The service's clock, turned by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


class Page:
    """A page as somebody without JavaScript has it: its one form, the buttons in order, its links."""

    def __init__(self, text: str, url: str) -> None:
        self.text, self.url = text, url

    @cached_property
    def _read(self) -> "_Reader":
        return _Reader(self.text)

    @property
    def forms(self) -> int:
        return self._read.forms

    @property
    def hidden(self) -> dict[str, str]:
        return self._read.hidden

    @property
    def buttons(self) -> list[int]:
        return self._read.buttons

    @property
    def links(self) -> list[str]:
        return self._read.links

    def fields(self, rating: int | None = None, comment: str | None = None) -> dict[str, Any]:
        """What the browser sends when a button (the first, unless said) is pressed."""
        found = {**self.hidden, "rating": self.buttons[0] if rating is None else rating}
        return found if comment is None else {**found, "comment": comment}


class _Reader:
    """Tags and attributes by pattern: ten times as fast as a parser, and our own pages are regular."""

    def __init__(self, text: str) -> None:
        tags = re.findall(r"<(form|input|button|a)\b([^>]*)>", text[text.index("<main") :])
        said = [(tag, {name: unescape(value) for name, value in _ATTRIBUTE.findall(rest)}) for tag, rest in tags]
        self.forms = [each.get("method") for tag, each in said if tag == "form"].count("post")
        self.hidden = {each["name"]: each["value"] for _, each in said if each.get("type") == "hidden"}
        self.buttons = [int(each["value"]) for tag, each in said if tag == "button" and each.get("name") == "rating"]
        self.links = [each["href"] for tag, each in said if tag == "a"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite only; where it matters that two databases decide alike, a test module asks for both."""
    return sqlite_url


@pytest.fixture
def clock(app: FastAPI) -> Clock:
    app.state.clock = Clock()
    return app.state.clock


def path(url: str) -> str:
    """An address without its host, as the test's client calls it."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@pytest.fixture
def mail(client: httpx.AsyncClient, make: Callable[..., Any]) -> Callable[..., Any]:
    """Mints links: await mail() for one csat recipient's, await mail(scale="nps", recipients=[...])."""

    async def _mail(key: str = "order-confirmation", scale: str = "csat", **body: Any) -> Any:
        if (await client.get(f"/v1/touchpoints/{key}")).status_code == 404:
            await make(key, scale=scale, timezone="Europe/Berlin", **body.pop("touchpoint", {}))
        answer = await client.post("/v1/links", json={"touchpoint": key, "recipients": [{}], **body})
        assert answer.status_code == 201, answer.text
        items = answer.json()["items"]
        return items if "recipients" in body else items[0]

    return _mail


@pytest.fixture
def look(anybody: httpx.AsyncClient) -> Callable[..., Any]:
    """Opens a link: await look(url) -> Page."""

    async def _look(url: str) -> Page:
        answer = await anybody.get(path(url))
        assert answer.status_code == 200, answer.text
        return Page(answer.text, str(answer.url))

    return _look


@pytest.fixture
def score(client: httpx.AsyncClient) -> Callable[..., Any]:
    """What is served of a touchpoint: await score() -> (counted ratings, excluded)."""

    async def _score(key: str = "order-confirmation") -> tuple[dict[str, int], dict[str, int]]:
        since = {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}
        found = (await client.get(f"/v1/touchpoints/{key}/score", params=since)).json()
        return {rating: n for rating, n in found["distribution"].items() if n}, found["excluded"]

    return _score


async def press(anybody: httpx.AsyncClient, page: Page, rating: int | None = None, comment: str | None = None) -> Page:
    """Presses a button of the page (the first, unless said) and looks at what comes."""
    answer = await anybody.post(path(page.url), data=page.fields(rating, comment))
    assert answer.status_code == 200, answer.text
    return Page(answer.text, str(answer.url))
