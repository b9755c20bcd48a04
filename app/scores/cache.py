"""Caches of scores: results of reads for half a second, bodies by their ETag."""

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlmodel import Session

from app.db import Reader

T = TypeVar("T")


class ReadCache:
    """Results of reads, kept for half a second.

    What this process commits is seen at once, for its generation grows; what other processes commit, within FRESH_S.
    """

    FRESH_S = 0.5
    MOST = 5000

    def __init__(self, db: Reader) -> None:
        self._db = db
        self._kept: dict[Hashable, tuple[float, int, Any]] = {}

    async def get(self, key: Hashable, work: Callable[[Session], T], *, short: bool = False) -> T:
        """The result of `work` for `key`, as it was at most FRESH_S ago; `short` work reads a few rows by their key."""
        started, generation = time.monotonic(), self._db.generation
        at, then, found = self._kept.get(key, (0.0, -1, None))
        if then == generation and started - at < self.FRESH_S:
            return found  # type: ignore[no-any-return]  # what `work` for this key gave
        result = await (self._db.glance(work) if short else self._db.read(work))
        if len(self._kept) >= self.MOST:
            self._kept.clear()
        self._kept[key] = (started, generation, result)
        return result


class BodyCache:
    """The last bodies by ETag: a score whose revision did not change is not put together again."""

    MOST = 5000

    def __init__(self) -> None:
        self._by_tag: dict[str, bytes] = {}

    def get(self, tag: str, make: Callable[[], bytes]) -> bytes:
        """The body of `tag`, made if it is not there."""
        body = self._by_tag.get(tag)
        if body is None:
            if len(self._by_tag) >= self.MOST:
                self._by_tag.clear()
            body = self._by_tag[tag] = make()
        return body
