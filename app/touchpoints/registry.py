"""Touchpoints in the database, and a cache from key to touchpoint for the path of an answer."""

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, cast, exists
from sqlmodel import Session, col, select

from app.db import Database
from app.errors import Code, Place, Problem
from app.models import Feedback, Touchpoint, now
from app.scores import splits
from app.scores.rollup import lock, rebuild
from app.sql import Lookup
from app.touchpoints import target_history, ways
from app.touchpoints.catalogue import CATALOGUE, COMMENT_PROMPT, Kind
from app.touchpoints.own_scales import put_on
from app.touchpoints.questions import question_for
from app.touchpoints.scales import Scale, scale_of
from app.touchpoints.schemas import CLEARABLE, SLUG, TouchpointIn, TouchpointPatch
from app.touchpoints.targets import target_fits


@dataclass(frozen=True)
class Known:
    """A touchpoint with what the path of an answer asks of it. The row is detached: read it only."""

    row: Touchpoint
    id: int
    key: str  # the next three are read for every answer, and an attribute of a mapped row costs ten times as much
    archived: bool
    repeat_days: int | None
    open: frozenset[str]
    stamp: Any = None  # when it was changed, as the driver says it: told apart without reading it all again

    def reached(self, way: str) -> Self:
        """This touchpoint, if it is open this way; Problem touchpoint_closed, to strangers touchpoint_unknown."""
        if way in self.open:
            return self
        if way in ways.STRANGERS:
            raise _unknown()
        raise Problem(Code.TOUCHPOINT_CLOSED, f"The touchpoint {self.key} takes no answers by {way}.")

    def taking(self) -> Self:
        """This touchpoint, if it still takes answers; Problem touchpoint_archived."""
        if self.archived:
            raise Problem(Code.TOUCHPOINT_ARCHIVED, f"The touchpoint {self.key} is archived and takes no more answers.")
        return self

    @cached_property
    def scale(self) -> Scale:
        return scale_of(self.row)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.row.timezone)

    @cached_property
    def closed_segments(self) -> frozenset[str]:
        """The declared keys that a browser without a key may not say."""
        return frozenset(self.row.segments).difference(self.row.open_segments)

    @cached_property
    def reasons(self) -> frozenset[str]:
        return frozenset(reason["key"] for reason in self.row.reasons)


def there(found: Known | Problem) -> Known:
    """What was found, if it is a touchpoint; raises the Problem that stands in its place."""
    if isinstance(found, Problem):
        raise found
    return found


def known(row: Touchpoint, changed: Any = None) -> Known:
    """A stored touchpoint as the rest of the product uses it."""
    assert row.id is not None
    archived = row.archived_at is not None
    return Known(row, row.id, row.key, archived, row.repeat_days, frozenset(row.open), changed)


class Registry:
    """Key to touchpoint, at most a second old, so that a change reaches every process within one."""

    CACHE_S = 1.0

    def __init__(self, db: Database) -> None:
        self._db = db
        self._cache: dict[str, tuple[float, Known]] = {}
        self._by_id: dict[int, Known] = {}
        self._keys: dict[int, str] = {}

    async def get(self, key: str) -> Known:
        """The touchpoint `key`, archived or not; Problem touchpoint_unknown."""
        at, cached = self._cache.get(key, (0.0, None))
        if cached:
            if time.monotonic() - at < self.CACHE_S:
                return cached
            # One request looks again; the others that come meanwhile do not queue up behind the same look.
            self._cache[key] = (time.monotonic(), cached)
            if cached.stamp == await self._db.glance(lambda session: stamp(session, key)):
                return cached
        found = await self._db.glance(lambda session: known(by_key(session, key), stamp(session, key)))
        self._cache[key] = (time.monotonic(), found)
        return found

    async def numbered(self, number: int) -> Known:
        """The touchpoint with this id, archived or not; Problem touchpoint_unknown."""
        if number not in self._keys:
            row = await self._db.read(lambda session: session.get(Touchpoint, number))
            if row is None:
                raise Problem(Code.TOUCHPOINT_UNKNOWN, "There is no touchpoint with this id.")
            self._keys[number] = row.key
        return await self.get(self._keys[number])

    async def open(self, key: str, way: str) -> Known:
        """The touchpoint `key` if it takes answers this way.

        Problem touchpoint_unknown, touchpoint_closed or touchpoint_archived.
        """
        return (await self.get(key)).reached(way).taking()

    def find(self, session: Session, **filters: Any) -> list[Known]:
        """All touchpoints in use that match `filters` (see `find`); only those that changed are read in full."""
        stamps = session.execute(select(Touchpoint.id, Touchpoint.updated_at).where(*matching(**filters))).all()
        changed = [
            number for number, at in stamps if number not in self._by_id or self._by_id[number].row.updated_at != at
        ]
        for start in range(0, len(changed), 500):
            some = col(Touchpoint.id).in_(changed[start : start + 500])
            for row in session.exec(select(Touchpoint).where(some)).all():
                self._by_id[row.id or 0] = known(row)
        return [self._by_id[number] for number, _ in stamps if number in self._by_id]

    def forget(self) -> None:
        """Drop the cache: a touchpoint was changed in this process."""
        self._cache.clear()


_STAMP = Lookup("SELECT updated_at FROM touchpoint WHERE key = :key")


def stamp(session: Session, key: str) -> Any:
    """When the touchpoint `key` was last changed, as the driver says it; None when there is none."""
    found = _STAMP.rows(session, {"key": key}) if re.fullmatch(SLUG, key) else []
    return found[0][0] if found else None


def by_key(session: Session, key: str, *, locked: bool = False) -> Touchpoint:
    """The touchpoint `key`, as it stays until the transaction ends if `locked`; Problem touchpoint_unknown."""
    row, wanted = None, select(Touchpoint).where(Touchpoint.key == key)
    if re.fullmatch(SLUG, key):  # anything else cannot be there, and PostgreSQL takes offence at a NUL
        row = session.exec(wanted.with_for_update(key_share=True) if locked else wanted).first()
    if row is None:
        raise _unknown()
    return row


def _unknown() -> Problem:
    return Problem(Code.TOUCHPOINT_UNKNOWN, "There is no touchpoint with this key.")


def registered(session: Session, keys: Sequence[str]) -> None:
    """Problem invalid_request, with its place in `body.touchpoints`, for each key that no touchpoint has."""
    found = set(session.exec(select(Touchpoint.key).where(col(Touchpoint.key).in_(keys))))
    unknown = [
        Place(place=f"body.touchpoints.{index}", message=f"{key!r} is not a touchpoint", mend="Register it first.")
        for index, key in enumerate(keys)
        if key not in found
    ]
    if unknown:
        raise Problem(Code.INVALID_REQUEST, "Only registered touchpoints can be named.", errors=unknown)


def _defaults(kind: Kind | None, key: str) -> dict[str, Any]:
    """What a touchpoint starts with beside its question: its kind's, or something plain."""
    if kind is None:
        title = key.replace("-", " ").replace("_", " ").capitalize()
        plain = {"phase": "purchase", "contact": "direct", "channel": "other", "scale": "stars", "reasons": []}
        return {**plain, "name": {"en": title}, "comment_prompt": dict(COMMENT_PROMPT)}
    return {
        "phase": kind.phase,
        "contact": kind.contact,
        "channel": kind.channel,
        "scale": kind.scale,
        "name": dict(kind.name),
        "comment_prompt": dict(COMMENT_PROMPT),
        "reasons": [asdict(reason) for reason in kind.reasons],
    }


def _free_key(session: Session, kind: str) -> str:
    """A key for a touchpoint created by kind alone: invoice, invoice-2, invoice-3 ..."""
    base = kind.replace("_", "-")
    taken = set(session.exec(select(Touchpoint.key).where(col(Touchpoint.key).startswith(base))))
    return next(key for n in range(1, len(taken) + 2) if (key := base if n == 1 else f"{base}-{n}") not in taken)


def draft(session: Session, body: TouchpointIn, key: str, number: int | None = None) -> Touchpoint:
    """A touchpoint as it would be registered under `key`: what is said, and the catalogue's defaults for the rest.

    Problem invalid_request for a scale that is not there.
    """
    kind = CATALOGUE[body.kind] if body.kind else None
    said = body.model_dump(mode="json", exclude_none=True, exclude={"key"})
    row = Touchpoint(id=number, key=key, **_defaults(kind, key) | said)
    put_on(session, row, row.scale, locked=number is None)
    if body.question is None:
        row.question = dict(question_for(kind, scale_of(row)))
    if body.open is None and row.contact == "indirect":  # nobody of ours is there to ask strangers
        row.open = [way for way in ways.ALL if way != ways.PAGE and (way != ways.WIDGET or row.origins)]
    return row


def create(session: Session, body: TouchpointIn, most_values: int = splits.VALUES_MAX) -> Touchpoint:
    """Register a touchpoint, of whose segments so many values have counts of their own; Problem key_taken."""
    key = body.key or _free_key(session, body.kind or "")
    if session.exec(select(Touchpoint.id).where(Touchpoint.key == key)).first() is not None:
        raise Problem(Code.KEY_TAKEN, f"There is a touchpoint with the key {key} already.")
    row = draft(session, body, key)
    target_fits(row)
    session.add(row)
    session.flush()
    if row.segments:
        splits.declare(session, row.id or 0, row.segments, most_values, answered=False)
    target_history.remember(session, row)
    return row


def change(session: Session, key: str, body: TouchpointPatch, most_values: int = splits.VALUES_MAX) -> Touchpoint:
    """Change a touchpoint; Problem touchpoint_unknown, scale_locked, invalid_request."""
    row = by_key(session, key, locked=True)
    said = body.model_dump(mode="json", exclude_unset=True)
    archived = said.pop("archived", None)
    for name, value in said.items():
        if value is None and name not in CLEARABLE:
            place = Place(place=f"body.{name}", message="cannot be empty", mend="Leave the field out to keep it.")
            raise Problem(Code.INVALID_REQUEST, f"{name} cannot be null.", errors=[place])
    moved = said.get("timezone", row.timezone) != row.timezone
    scaled = said.get("scale", row.scale) != row.scale
    split = said.get("segments", row.segments) != row.segments
    if moved or scaled or split:
        lock(session, [row.id or 0])  # what is being folded now is counted or looked for below
    if scaled and has_answers(session, row):
        raise Problem(Code.SCALE_LOCKED, "The scale cannot change once answers exist: they would change their meaning.")
    kind = CATALOGUE.get(row.kind or "")
    follows = said.get("question", row.question) == question_for(kind, scale_of(row))  # nobody's own
    for name, value in said.items():
        setattr(row, name, value)
    if scaled:
        put_on(session, row, row.scale)
        row.question = dict(question_for(kind, scale_of(row))) if follows else row.question
    if archived is not None:
        row.archived_at = (row.archived_at or now()) if archived else None
    if scaled or "target" in said:  # one that was set before targets were checked does not stand in the way
        target_fits(row)
    row.updated_at = now()
    session.flush()
    if split:
        splits.declare(session, row.id or 0, row.segments, most_values, answered=has_answers(session, row))
    target_history.remember(session, row)
    if moved:
        rebuild(session, row.id or 0)
    return row


def archive(session: Session, key: str) -> Touchpoint:
    """Take no more answers; those there stay and are scored."""
    return change(session, key, TouchpointPatch(archived=True))


def has_answers(session: Session, row: Touchpoint) -> bool:
    """Whether anybody has answered at this touchpoint."""
    return bool(session.exec(select(exists().where(col(Feedback.touchpoint_id) == row.id))).one())


def matching(
    *,
    archived: bool | None = False,
    tag: str | None = None,
    owner: str | None = None,
    **same: str | None,
) -> list[ColumnElement[bool]]:
    """The WHERE for touchpoints; `same` are columns with the value wanted; archived None means both."""
    conditions = [getattr(Touchpoint, name) == value for name, value in same.items() if value is not None]
    if archived is not None:
        at = col(Touchpoint.archived_at)
        conditions.append(at.is_not(None) if archived else at.is_(None))
    if owner is not None:
        conditions.append(col(Touchpoint.owner) == owner)
    if tag is not None:  # tags hold no quotes, so the quoted tag occurs in the JSON text only as a whole tag
        conditions.append(cast(Touchpoint.tags, String).contains(f'"{tag}"', autoescape=True))
    return conditions


def find(session: Session, *, after: str = "", limit: int = 50, **filters: Any) -> list[Touchpoint]:
    """Touchpoints by key, those after `after`; `filters` as `matching` takes them."""
    wanted = [col(Touchpoint.key) > after, *matching(**filters)]
    return list(session.exec(select(Touchpoint).where(*wanted).order_by(col(Touchpoint.key)).limit(limit)))
