"""What is done at touchpoints: actions and reviews."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text
from sqlmodel import Field

from app.models.base import Table, json_column, now


class Action(Table, table=True):
    """A measure taken at touchpoints. They are named by key: a key never changes and a touchpoint is never deleted."""

    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=200)
    touchpoints: list[str] = json_column([])
    compare_with: list[str] = json_column([])
    owner: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, sa_type=Text)
    metric: str | None = Field(default=None, max_length=16)
    alert: str | None = Field(default=None, max_length=64)
    planned_for: date | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    dropped_at: datetime | None = None
    created_by: str = Field(max_length=200)
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class Review(Table, table=True):
    """Somebody looked at a touchpoint again. `level` is how it stood: its headline metric over the 30 days before."""

    __table_args__ = (Index("ix_review_touchpoint", "touchpoint_id", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    touchpoint_id: int = Field(foreign_key="touchpoint.id")
    reviewed_at: datetime
    reviewed_by: str = Field(max_length=200)
    note: str | None = Field(default=None, sa_type=Text)
    level: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
