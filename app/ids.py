"""Ids that grow with time."""

import os
import time
from datetime import datetime
from uuid import UUID

_AT_A_TIME = 400
_pool: list[bytes] = []
os.register_at_fork(after_in_child=_pool.clear)  # or parent and child would make the same ids


def _random_bytes() -> bytes:
    """Ten of them, from a pool: the system call costs more than all the rest of an id.

    Several threads take from it: both pop and extend happen as a whole, so no two of them ever get the same bytes.
    """
    while True:
        try:
            return _pool.pop()
        except IndexError:
            some = os.urandom(10 * _AT_A_TIME)
            _pool.extend([some[at : at + 10] for at in range(0, len(some), 10)])


def uuid7() -> UUID:
    """A time-ordered random id (RFC 9562): answers stored together lie together in the index."""
    milliseconds = time.time_ns() // 1_000_000
    tail = int.from_bytes(_random_bytes(), "big")
    high = milliseconds << 16 | 0x7000 | tail >> 68
    return UUID(int=high << 64 | 0b10 << 62 | tail & (1 << 62) - 1)


def first_of(at: datetime) -> UUID:
    """No id that `uuid7` made at `at` or later is smaller."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
