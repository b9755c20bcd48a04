"""Opaque cursors and the `limit` every list takes."""

import base64
import json
from typing import Annotated, Any

from fastapi import Query

from app.errors import Code, Place, Problem

Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before")]


def encode(values: list[Any]) -> str:
    """What the last item of a page is sorted by, as an opaque text."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str | None, length: int) -> list[str] | None:
    """The texts of a cursor made by `encode`; None without one; Problem invalid_request for anything else."""
    if not cursor:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != length or not all(isinstance(v, str) for v in values):
        raise _unusable()
    return values


def _unusable() -> Problem:
    place = Place(place="query.cursor", message="not a cursor of this list", mend="Send `next_cursor` unchanged.")
    return Problem(Code.INVALID_REQUEST, "The cursor cannot be used.", errors=[place])


def number(cursor: str | None) -> int | None:
    """The id in a cursor of a list by id; None without one; Problem invalid_request for anything else."""
    (found,) = decode(cursor, 1) or [""]
    if found and not (found.isdecimal() and len(found) < 10):
        raise _unusable()
    return int(found) if found else None
