"""The tables. `touchpoint_id` leads every primary and unique key of the big ones, so that they can be sharded by it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, ForeignKeyConstraint, Index, SmallInteger, Text, text
from sqlmodel import Field, SQLModel


def now() -> datetime:
    """The service's clock, in UTC."""
    return datetime.now(UTC)


def json_column(default: Any) -> Any:
    """A required JSON column."""
    return Field(default_factory=default.copy, sa_column=Column(JSON, nullable=False))


class Table(SQLModel):
    """What all tables have in common: pydantic never validates a row, so it need not compile how."""

    model_config = {"defer_build": True}


class Touchpoint(Table, table=True):
    """One place of contact that can be rated."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64, unique=True)
    kind: str | None = Field(default=None, max_length=64)
    phase: str = Field(max_length=16)
    contact: str = Field(max_length=16)
    channel: str = Field(max_length=16)
    scale: str = Field(max_length=16)
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


FLAGGED = "flags <> ''"
WORDLESS = text("comment IS NOT NULL AND words IS NULL")


def _only(condition: str, name: str, *columns: str) -> Index:
    """An index of the few rows that meet `condition`: it costs the others nothing."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class Feedback(Table, table=True):
    """One customer's answer at one touchpoint. `flags` and `reasons` are words parted by spaces; no flag: it counts.

    `words` is what a search finds the comment by (`folding.searchable`).
    """

    __table_args__ = (
        Index("ix_feedback_touchpoint_occurred", "touchpoint_id", "occurred_at"),
        Index("ix_feedback_occurred", "occurred_at"),
        _only("respondent IS NOT NULL", "ix_feedback_respondent", "touchpoint_id", "respondent"),
        _only("device_id IS NOT NULL", "ix_feedback_device", "device_id", "occurred_at"),
        _only("comment IS NOT NULL", "ix_feedback_commented", "touchpoint_id", "occurred_at"),
        _only("comment IS NOT NULL", "ix_feedback_commented_anywhere", "occurred_at"),
        _only(FLAGGED, "ix_feedback_flagged", "touchpoint_id", "occurred_at"),
        _only(FLAGGED, "ix_feedback_flagged_anywhere", "occurred_at"),
        _only(WORDLESS.text, "ix_feedback_wordless", "touchpoint_id"),
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
        _only("done_at IS NOT NULL", "ix_handling_done", "done_at"),
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


class Rollup(Table, table=True):
    """How many answers have each rating, per touchpoint, time bucket, source and slice.

    `bucket` is the start of the touchpoint's local hour, day or month as seconds since 1970 (0 for the grain `total`).
    `slice` is `counted`, `reason:<key>` (counted answers that ticked it), `flag:<flag>` (excluded ones) or `asked`.
    """

    __table_args__ = {"sqlite_with_rowid": False}
    touchpoint_id: int = Field(sa_column=Column(ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False))
    grain: str = Field(primary_key=True, max_length=8)
    bucket: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    source: str = Field(primary_key=True, max_length=8)
    slice: str = Field(primary_key=True, max_length=80)
    n: int = Field(default=0, sa_type=BigInteger)
    comments: int = Field(default=0, sa_type=BigInteger)
    n0: int = Field(default=0, sa_type=BigInteger)
    n1: int = Field(default=0, sa_type=BigInteger)
    n2: int = Field(default=0, sa_type=BigInteger)
    n3: int = Field(default=0, sa_type=BigInteger)
    n4: int = Field(default=0, sa_type=BigInteger)
    n5: int = Field(default=0, sa_type=BigInteger)
    n6: int = Field(default=0, sa_type=BigInteger)
    n7: int = Field(default=0, sa_type=BigInteger)
    n8: int = Field(default=0, sa_type=BigInteger)
    n9: int = Field(default=0, sa_type=BigInteger)
    n10: int = Field(default=0, sa_type=BigInteger)


class Revision(Table, table=True):
    """Grows with every change to a touchpoint's answers; the ETag of a score is made from it."""

    touchpoint_id: int = Field(sa_column=Column(ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False))
    revision: int = Field(default=0, sa_type=BigInteger)


class ApiKey(Table, table=True):
    """A key that a service presents. Only its hash is stored."""

    __tablename__ = "api_key"
    id: int | None = Field(default=None, primary_key=True)
    prefix: str = Field(max_length=16, unique=True)
    hash: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)
    scopes: str = Field(max_length=400)
    created_at: datetime = Field(default_factory=now)
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_on: date | None = None
    made_by: int | None = Field(default=None, index=True, description="the key it was made with, and ends with")


class EndedSession(Table, table=True):
    """A session of the dashboard that somebody signed out of before it expired."""

    __tablename__ = "ended_session"
    nonce: str = Field(primary_key=True, max_length=32)
    expires_at: datetime


class Device(Table, table=True):
    """A tablet in a store. Its key and its pairing code are kept as hashes.

    `former` has the touchpoints that it once served, each with until when.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=200)
    touchpoints: list[str] = json_column([])
    former: dict[str, str] = json_column({})
    key_prefix: str | None = Field(default=None, max_length=16)
    key_hash: str | None = Field(default=None, max_length=64, unique=True)
    pairing_hash: str | None = Field(default=None, max_length=64, unique=True)
    pairing_expires_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)
    paired_at: datetime | None = None
    revoked_at: datetime | None = None
    last_seen_at: datetime | None = None
    queue_depth: int | None = None
    refused: int | None = None
    oldest_at: datetime | None = None
    version: str | None = Field(default=None, max_length=40)
    persisted: bool | None = None


class Asked(Table, table=True):
    """How many customers a tablet asked within an hour, as it last reported: only what is more counts anew."""

    touchpoint_id: int = Field(sa_column=Column(ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False))
    device_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: UUID = Field(primary_key=True)
    n: int


class AskedLately(Table, table=True):
    """Until when somebody is left in peace, at one touchpoint or (0) at all. `hash` is keyed, of his reference."""

    __tablename__ = "asked_lately"
    __table_args__ = (Index("ix_asked_lately_again", "again_at"),)
    hash: str = Field(primary_key=True, max_length=32)
    touchpoint_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    again_at: datetime


class Secret(Table, table=True):
    """What the service made for itself on first start, such as the key that signs links."""

    name: str = Field(primary_key=True, max_length=32)
    value: str = Field(max_length=200)


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


class Review(Table, table=True):
    """Somebody looked at a touchpoint again. `level` is how it stood: its headline metric over the 30 days before."""

    __table_args__ = (Index("ix_review_touchpoint", "touchpoint_id", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    touchpoint_id: int = Field(foreign_key="touchpoint.id")
    reviewed_at: datetime
    reviewed_by: str = Field(max_length=200)
    note: str | None = Field(default=None, sa_type=Text)
    level: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


class Alert(Table, table=True):
    """A trouble at a touchpoint, open until somebody or the monitoring closes it; one open alert of each kind.

    `closed_by` is the name of a key, or empty when the monitoring saw it end.
    """

    __table_args__ = (
        Index("ix_alert_touchpoint", "touchpoint_id", "kind"),
        Index(
            "ix_alert_open",
            "touchpoint_id",
            "kind",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=16)
    touchpoint_id: int = Field(foreign_key="touchpoint.id")
    since: datetime
    opened_at: datetime
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = Field(default=None, max_length=200)
    because: str | None = Field(default=None, max_length=16)
    evidence: dict[str, Any] = json_column({})
    comments: list[dict[str, Any]] = json_column([])


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


class Webhook(Table, table=True):
    """An address that wants to be told. `events` and `touchpoints` are words parted by spaces; no touchpoint: all.

    The secret is kept as it is, for it signs each delivery; the one before it signs beside it until `former_until`.
    """

    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(max_length=2000)
    events: str = Field(max_length=200)
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
    told_at: datetime | None = None  # when the log last said that it fails


class Delivery(Table, table=True):
    """An event on its way to one webhook, written in the transaction of what happened. `body` is sent as it is.

    Whoever delivers moves `due_at` ahead first: if he dies, somebody else tries then. It is empty in the end.
    """

    __table_args__ = (
        Index("ix_delivery_webhook", "webhook_id", "id"),
        Index("ix_delivery_feedback", "feedback_id"),
        _only("due_at IS NOT NULL", "ix_delivery_due", "webhook_id", "due_at"),
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
