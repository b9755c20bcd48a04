"""Journeys and their stages."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey
from sqlmodel import Field

from app.models.base import Table, json_column, now


class Journey(Table, table=True):
    """An ordered way of a customer through touchpoints."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64, unique=True)
    name: dict[str, str] = json_column({})
    rule: str = Field(default="pooled", max_length=16)
    target: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class Stage(Table, table=True):
    """One step of a journey. Touchpoints are named by key: a key never changes and a touchpoint is never deleted."""

    journey_id: int = Field(sa_column=Column(ForeignKey("journey.id"), primary_key=True, autoincrement=False))
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: dict[str, str] = json_column({})
    phase: str | None = Field(default=None, max_length=16)
    touchpoints: list[str] = json_column([])
