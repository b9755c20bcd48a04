"""Declared context keys of a touchpoint, their values, and the counts by value."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, UniqueConstraint, false
from sqlmodel import Field

from app.models.base import Counts, Table, json_column


class Split(Table, table=True):
    """The counting of a touchpoint's answers by one context key.

    Counted are the answers with ids up to `upto`, all of them when it is None; `counted` says how many of the older
    ones are. `most` values have counts of their own: when one more came, it is `closed`, and new values are `other`.
    """

    __table_args__ = (UniqueConstraint("touchpoint_id", "key"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    touchpoint_id: int = Field(foreign_key="touchpoint.id")
    key: str = Field(max_length=60)
    upto: UUID | None = None
    counted: int = Field(default=0, sa_type=BigInteger)
    most: int
    closed: bool = False


class Segment(Table, table=True):
    """A value of a key that has counts of its own. When its split is gone, its counts are deleted, then itself."""

    __table_args__ = (
        UniqueConstraint("touchpoint_id", "split_id", "value"),
        Index("ix_segment_split", "split_id", "value"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    touchpoint_id: int = Field(foreign_key="touchpoint.id")
    split_id: int
    value: str = Field(max_length=80)


class SegmentKey(Table, table=True):
    """What a segment key is called, in which order its values stand, and where they show: for all touchpoints."""

    __tablename__ = "segment_key"
    key: str = Field(primary_key=True, max_length=60)
    name: dict[str, str] = json_column({})
    values: list[dict[str, Any]] = json_column([])
    shown: bool = True
    metrics: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class SegmentRollup(Counts, table=True):
    """What `Rollup` holds, of one segment: by local day and month and in all, not by hour."""

    __tablename__ = "segment_rollup"
    __table_args__ = ({"sqlite_with_rowid": False},)
    touchpoint_id: int = Field(sa_column=Column(ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False))
    segment_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    grain: str = Field(primary_key=True, max_length=8)
    bucket: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    source: str = Field(primary_key=True, max_length=8)
    slice: str = Field(primary_key=True, max_length=80)


class SegmentPending(Table, table=True):
    """Changes of counts by segment that wait to be added, as JSON: those of one commit, by its revision."""

    __tablename__ = "segment_pending"
    __table_args__ = ({"sqlite_with_rowid": False},)
    touchpoint_id: int = Field(sa_column=Column(ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False))
    revision: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    changes: str = Field(sa_type=Text)
