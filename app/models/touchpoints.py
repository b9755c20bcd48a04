"""The registry."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, Column, Index, SmallInteger
from sqlmodel import Field

from app.models.base import Table, json_column, now


class Touchpoint(Table, table=True):
    """One place of contact that can be rated."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64, unique=True)
    kind: str | None = Field(default=None, max_length=64)
    phase: str = Field(max_length=16)
    contact: str = Field(max_length=16)
    channel: str = Field(max_length=16)
    scale: str = Field(max_length=16)
    own_scale: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    language: str | None = Field(default=None, max_length=35)
    name: dict[str, str] = json_column({})
    question: dict[str, str] = json_column({})
    comment_prompt: dict[str, str] = json_column({})
    reasons: list[dict[str, Any]] = json_column([])
    tags: list[str] = json_column([])
    owner: str | None = Field(default=None, max_length=200)
    importance: int = Field(default=3, sa_type=SmallInteger)
    timezone: str = Field(default="UTC", max_length=64)
    target: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    origins: list[str] = json_column([])
    repeat_days: int | None = None
    ask_every_days: int | None = None
    review_interval_days: int | None = None
    reviewed_at: datetime | None = None
    public: bool = False
    frame_origins: list[str] = json_column([])
    reviewed: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    open: list[str] = json_column(["widget", "page", "link", "tablet", "key"])
    segments: list[str] = json_column([])
    open_segments: list[str] = json_column([])
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)
    archived_at: datetime | None = None

    @property
    def review_due(self) -> date | None:
        """The local day on which somebody should look again, counted from the last review or from its registration."""
        if self.review_interval_days is None:
            return None
        last = (self.reviewed_at or self.created_at).astimezone(ZoneInfo(self.timezone))
        return last.date() + timedelta(days=self.review_interval_days)


class OwnScale(Table, table=True):
    """A scale that the company made. Each touchpoint on it has a copy in `own_scale`, so that an answer needs no look.

    `poor_from` to `poor_to` are the ratings that count as low, for conditions on many touchpoints at once.
    """

    key: str = Field(primary_key=True, max_length=16)
    low: int = Field(sa_type=SmallInteger)
    high: int = Field(sa_type=SmallInteger)
    top: int = Field(sa_type=SmallInteger)
    poor_from: int = Field(sa_type=SmallInteger)
    poor_to: int = Field(sa_type=SmallInteger)
    share: str = Field(max_length=8)
    asks: str = Field(max_length=8)
    drawing: str = Field(max_length=8)
    reversed: bool = False
    labels: dict[str, dict[str, str]] = json_column({})
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class TargetRecord(Table, table=True):
    """A target of a touchpoint: how long it held, and whether it was met. The one that holds has no end.

    `judged_until` is the end of the last period that was judged; a target without a date is judged month by month.
    """

    __tablename__ = "target_record"
    __table_args__ = (Index("ix_target_record_touchpoint", "touchpoint_id", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    touchpoint_id: int = Field(foreign_key="touchpoint.id")
    metric: str = Field(max_length=16)
    value: float
    by: date | None = None
    set_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None
    status: str = Field(default="undecided", max_length=16)
    decided_at: datetime | None = None
    judged_until: datetime | None = None
