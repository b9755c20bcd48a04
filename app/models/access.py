"""Who may call: keys, sessions that ended, tablets; and the service's own secret."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field

from app.models.base import Table, json_column, now


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
    touchpoint: str | None = Field(default=None, max_length=64, description="where its clients know no touchpoints")


class EndedSession(Table, table=True):
    """A session of the dashboard that somebody signed out of before it expired."""

    __tablename__ = "ended_session"
    nonce: str = Field(primary_key=True, max_length=32)
    expires_at: datetime


class Device(Table, table=True):
    """A tablet in a store. Its key and its pairing code are kept as hashes.

    `former` has the touchpoints that it once served, each with until when; `former_contexts` has what it once put on
    its answers, each as {"until", "context"}, the newest last.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=200)
    touchpoints: list[str] = json_column([])
    former: dict[str, str] = json_column({})
    context: dict[str, Any] = json_column({})
    former_contexts: list[dict[str, Any]] = json_column([])
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


class Secret(Table, table=True):
    """What the service made for itself on first start, such as the key that signs links."""

    name: str = Field(primary_key=True, max_length=32)
    value: str = Field(max_length=200)
