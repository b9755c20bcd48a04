"""What monitoring found."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.models.base import Table, index_of, json_column


class Alert(Table, table=True):
    """A trouble at a touchpoint or of a journey (one of the two is given), open until somebody or the monitoring closes
    it; one open alert of each kind.

    `about` tells those of one kind apart that a touchpoint may have several of, such as `device:3`. `closed_by` is the
    name of a key, or empty when the monitoring saw it end.
    """

    __table_args__ = (
        Index("ix_alert_touchpoint", "touchpoint_id", "kind"),
        index_of("closed_at IS NULL", "ix_alert_open", "touchpoint_id", "kind", "about", unique=True),
        index_of("closed_at IS NULL AND journey_id IS NOT NULL", "ix_alert_journey", "journey_id", "kind", unique=True),
        CheckConstraint("(touchpoint_id IS NULL) <> (journey_id IS NULL)", "ck_alert_place"),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=16)
    touchpoint_id: int | None = Field(default=None, foreign_key="touchpoint.id")
    journey_id: int | None = Field(default=None, foreign_key="journey.id", ondelete="CASCADE")
    about: str = Field(default="", max_length=32, sa_column_kwargs={"server_default": ""})
    since: datetime
    opened_at: datetime
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = Field(default=None, max_length=200)
    because: str | None = Field(default=None, max_length=16)
    evidence: dict[str, Any] = json_column({})
    comments: list[dict[str, Any]] = json_column([])

    @property
    def segments(self) -> list[str]:
        """In which segments it happened, as far as that was found."""
        return [one["segment"] for one in self.evidence.get("segments", ())]


class Monitoring(Table, table=True):
    """The one row that says which process looks (`holder`, until when) and what the last look came to."""

    id: int | None = Field(default=None, primary_key=True)
    holder: str | None = Field(default=None, max_length=36)
    held_until: datetime | None = None
    looked_at: datetime | None = None
    summary: dict[str, Any] = json_column({})
