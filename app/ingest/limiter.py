"""How often one address may answer at one touchpoint without a key.

No address is stored: only a keyed hash of it, in memory, under a key that is thrown away each day.
"""

import hashlib
import os
import time
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request

from app.errors import Code, Problem
from app.settings import Networks


def client_address(request: Request, trusted: Networks) -> str:
    """The nearest address that is not one of our own proxies."""
    peer = request.client.host if request.client else ""
    forwarded = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    while trusted and forwarded and _within(peer, trusted):
        peer = forwarded.pop()
    return peer


def _within(address: str, networks: Networks) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found.version == network.version and found in network for network in networks)


def _neighbourhood(address: str) -> str:
    """An IPv6 customer has a whole /64; an IPv4 one has the address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address


class Limiter:
    """Counts in this process. The key of the hash is random and thrown away each day."""

    def __init__(self, rate: str, trusted: Networks) -> None:
        self._limit: RateLimitItem | None = None if rate == "off" else parse(rate)
        self._trusted = trusted
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._day, self._salt = 0, b""

    def _key(self, address: str, touchpoint: str) -> str:
        day = int(time.time() // 86_400)
        if day != self._day:
            self._day, self._salt = day, os.urandom(32)
        text = f"{touchpoint}\n{_neighbourhood(address)}".encode()
        return hashlib.blake2b(text, key=self._salt, digest_size=12).hexdigest()

    def check(self, request: Request, touchpoint: str) -> None:
        """Count this request; Problem rate_limited when it is one too many."""
        if self._limit is None:
            return
        key = self._key(client_address(request, self._trusted), touchpoint)
        if not self._windows.hit(self._limit, key):
            reset = self._windows.get_window_stats(self._limit, key).reset_time
            wait = max(1, min(int(reset - time.time()) + 1, 3600))
            raise Problem(Code.RATE_LIMITED, "Too many answers from here; try again later.", retry_after=wait)
