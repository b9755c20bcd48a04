"""Stored answers, what is done about them, and what was erased."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, ForeignKey, ForeignKeyConstraint, Index, SmallInteger, Text, text
from sqlmodel import Field

from app.models.base import Table, index_of, now

FLAGGED = "flags <> ''"
WORDLESS = text("comment IS NOT NULL AND words IS NULL")


class Feedback(Table, table=True):
    """One customer's answer at one touchpoint. `flags` and `reasons` are words parted by spaces; no flag: it counts.

    `words` is what a search finds the comment by (`folding.searchable`).
    """

    __table_args__ = (
        Index("ix_feedback_touchpoint_occurred", "touchpoint_id", "occurred_at"),
        Index("ix_feedback_occurred", "occurred_at"),
        index_of("respondent IS NOT NULL", "ix_feedback_respondent", "touchpoint_id", "respondent"),
        index_of("device_id IS NOT NULL", "ix_feedback_device", "device_id", "occurred_at"),
        index_of("comment IS NOT NULL", "ix_feedback_commented", "touchpoint_id", "occurred_at"),
        index_of("comment IS NOT NULL", "ix_feedback_commented_anywhere", "occurred_at"),
        index_of(FLAGGED, "ix_feedback_flagged", "touchpoint_id", "occurred_at"),
        index_of(FLAGGED, "ix_feedback_flagged_anywhere", "occurred_at"),
        index_of(WORDLESS.text, "ix_feedback_wordless", "touchpoint_id"),
    )
    touchpoint_id: int = Field(sa_column=Column(ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False))
    id: UUID = Field(primary_key=True)
    rating: int | None = Field(default=None, sa_type=SmallInteger)
    comment: str | None = Field(default=None, sa_type=Text)
    reasons: str = Field(default="", max_length=400)
    source: str = Field(max_length=8)
    flags: str = Field(default="", max_length=80)
    locale: str | None = Field(default=None, max_length=35)
    respondent: str | None = Field(default=None, max_length=200)
    context: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    occurred_at: datetime
    received_at: datetime
    claimed_at: datetime | None = Field(default=None)
    device_id: int | None = Field(default=None)
    pressed_at: datetime | None = Field(default=None)
    secret_hash: str | None = Field(default=None, max_length=32)
    words: str | None = Field(default=None, sa_type=Text)


class Handling(Table, table=True):
    """What somebody said of how an answer is handled (`answers/handling.py`); it goes when the answer is erased."""

    __table_args__ = (
        ForeignKeyConstraint(["touchpoint_id", "id"], ["feedback.touchpoint_id", "feedback.id"], ondelete="CASCADE"),
        index_of("done_at IS NOT NULL", "ix_handling_done", "done_at"),
    )
    touchpoint_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: UUID = Field(primary_key=True)
    state: str = Field(max_length=16)
    owner: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, sa_type=Text)
    changed_at: datetime = Field(default_factory=now)
    done_at: datetime | None = None


class Erasure(Table, table=True):
    """The id of an erased answer: a late retry or a repeated import must not bring it back."""

    touchpoint_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: UUID = Field(primary_key=True)
    erased_at: datetime = Field(default_factory=now)
