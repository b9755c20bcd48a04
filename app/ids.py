"""Ids that grow with time."""

import io
import os
import time
from datetime import datetime
from uuid import UUID

_pool = io.BytesIO()


def _random_bytes(count: int) -> bytes:
    """From a pool: the system call costs more than all the rest of an id."""
    found = _pool.read(count)
    if len(found) < count:
        _pool.seek(0)
        _pool.write(os.urandom(4000))
        _pool.seek(0)
        found = _pool.read(count)
    return found


def uuid7() -> UUID:
    """A time-ordered random id (RFC 9562): answers stored together lie together in the index."""
    milliseconds = time.time_ns() // 1_000_000
    tail = int.from_bytes(_random_bytes(10), "big")
    high = milliseconds << 16 | 0x7000 | tail >> 68
    return UUID(int=high << 64 | 0b10 << 62 | tail & (1 << 62) - 1)


def first_of(at: datetime) -> UUID:
    """No id that `uuid7` made at `at` or later is smaller."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
