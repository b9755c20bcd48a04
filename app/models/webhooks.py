"""Webhooks and what waits to be delivered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Column, Index, SmallInteger, Text
from sqlmodel import Field

from app.models.base import Table, index_of, now


class Webhook(Table, table=True):
    """An address that wants to be told. `events` and `touchpoints` are words parted by spaces; no touchpoint: all.

    The secret is kept as it is, for it signs each delivery; the one before it signs beside it until `former_until`.
    """

    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(max_length=2000)
    events: str = Field(sa_type=Text)
    touchpoints: str = Field(default="", sa_type=Text)
    secret: str = Field(max_length=100)
    former_secret: str | None = Field(default=None, max_length=100)
    former_until: datetime | None = None
    created_at: datetime = Field(default_factory=now)
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_because: str | None = Field(default=None, max_length=200)
    given_up: int = Field(default=0, sa_type=BigInteger)
    format: str = Field(default="standard", max_length=16)
    language: str = Field(default="en", max_length=2)
    include: str = Field(default="", max_length=40)
    segments: list[str] = Field(
        [], sa_column=Column(JSON, nullable=False, server_default="[]")
    )  # none: whatever they are
    told_at: datetime | None = None  # when the log last said that it fails


class Delivery(Table, table=True):
    """An event on its way to one webhook, written in the transaction of what happened. `body` is sent as it is.

    Whoever delivers moves `due_at` ahead first: if he dies, somebody else tries then. It is empty in the end.
    """

    __table_args__ = (
        Index("ix_delivery_webhook", "webhook_id", "id"),
        Index("ix_delivery_feedback", "feedback_id"),
        index_of("feedback_id IS NULL", "ix_delivery_alert", "touchpoint_id", "id"),
        index_of("due_at IS NOT NULL", "ix_delivery_due", "webhook_id", "due_at"),
    )
    id: UUID = Field(primary_key=True)
    webhook_id: int = Field(foreign_key="webhook.id")
    touchpoint_id: int | None = None
    feedback_id: UUID | None = None
    type: str = Field(max_length=32)
    body: str = Field(sa_type=Text)
    created_at: datetime
    due_at: datetime | None = None
    delivered_at: datetime | None = None
    tries: int = Field(default=0, sa_type=SmallInteger)
    status: int | None = Field(default=None, sa_type=SmallInteger)
    error: str = Field(default="", max_length=200)
    trace: str | None = Field(default=None, max_length=55)  # W3C `traceparent` of the request that it comes from
