"""The rate limit: how often one address may answer at one touchpoint without a key.

No address is stored: only a keyed hash of it, in memory, under a key that is thrown away each day.
"""

import hashlib
import os
import time
from collections import OrderedDict
from uuid import UUID

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request

from app.errors import Code, Problem
from app.forwarded import SHARED, Networks, neighbourhood, within


class Limiter:
    """Counts in this process. The key of the hash is random and thrown away each day."""

    # A comment, a change and a retry follow an answer that was counted: they have room of their own, this much more.
    AGAIN = 5
    REMEMBERED = 20_000

    def __init__(self, rate: str, shared: Networks = ()) -> None:
        self._limit: RateLimitItem | None = None if rate == "off" else parse(rate)
        self._shared = (*SHARED, *shared)
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._day, self._salt = -1, b""
        self._counted: OrderedDict[tuple[str, UUID | None], None] = OrderedDict()

    def _key(self, address: str, touchpoint: str) -> str:
        day = int(time.monotonic() // 86_400)  # a clock that is set does not make a new day
        if day != self._day:
            self._day, self._salt = day, os.urandom(32)
        text = f"{touchpoint}\n{neighbourhood(address)}".encode()
        return hashlib.blake2b(text, key=self._salt, digest_size=12).hexdigest()

    def network(self, request: Request, what: str) -> str:
        """Where a request comes from, as a hash that says nothing to anybody and changes daily."""
        return self._key(_address(request), what)

    def is_shared(self, request: Request) -> bool:
        """Whether many people share the address: a store's Wi-Fi, an own network, a proxy that nobody named."""
        return within(_address(request), self._shared)

    def check(self, request: Request, what: str, answer: UUID | None = None) -> None:
        """Count an answer, or a change of one that was counted; Problem rate_limited when it is one too many."""
        if self._limit is None:
            return
        key = what, answer
        if key in self._counted:
            self.check_again(request, f"{what} again")
            return
        self._hit(self._limit, request, what)
        if answer is not None:
            self._counted[key] = None
        if len(self._counted) > self.REMEMBERED:
            self._counted.popitem(last=False)

    def check_again(self, request: Request, what: str) -> None:
        """Count something that goes along with answers; Problem rate_limited when it is too many."""
        if self._limit is not None:
            limit = self._limit
            self._hit(type(limit)(limit.amount * self.AGAIN, limit.multiples), request, what)

    def _hit(self, limit: RateLimitItem, request: Request, what: str) -> None:
        key = self.network(request, what)
        if not self._windows.hit(limit, key):
            reset = self._windows.get_window_stats(limit, key).reset_time
            wait = max(1, min(int(reset - time.time()) + 1, 3600))
            raise Problem(Code.RATE_LIMITED, "Too many answers from here; try again later.", retry_after=wait)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
