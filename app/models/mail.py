"""Who is told by mail, and the mails; and mails that ask a customer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Column, Index, SmallInteger, Text, UniqueConstraint
from sqlmodel import Field

from app.models.base import Table, index_of, now


class Subscriber(Table, table=True):
    """A person who is told by mail. `touchpoints` and `tags` are words parted by spaces; none and no owner: all.

    Of alerts only those that name one of the `segments`, if there are any.
    `comments` is whether a digest may hold what customers wrote: whoever added the person could read it. Links begin
    with `base` where the service does not know its public address. `digest_until` is the end of what was told already.
    """

    __table_args__ = (index_of("digest_at IS NOT NULL", "ix_subscriber_digest", "digest_at"),)
    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=254, unique=True)
    language: str = Field(max_length=2)
    touchpoints: str = Field(default="", sa_type=Text)
    tags: str = Field(default="", sa_type=Text)
    owner: str | None = Field(default=None, max_length=200)
    segments: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False, server_default="[]"))
    alerts: bool = True
    digest: str = Field(default="none", max_length=8)
    timezone: str = Field(max_length=64)
    comments: bool = False
    base: str = Field(sa_type=Text)
    created_by: str = Field(max_length=200)
    created_at: datetime = Field(default_factory=now)
    confirmed_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    bounced_at: datetime | None = None
    bounce: str | None = Field(default=None, max_length=200)
    digest_at: datetime | None = None
    digest_until: datetime | None = None

    @property
    def listens(self) -> bool:
        """Whether mails go there: confirmed, not ended, not bounced."""
        return bool(self.confirmed_at and not self.unsubscribed_at and not self.bounced_at)


class Letter(Table, table=True):
    """A mail on its way to one subscriber, written in the transaction of what happened; its text is made when it goes.

    `about` tells letters of a kind apart: nobody gets the same one twice. Whoever sends it moves `due_at` ahead first:
    if he dies, somebody else tries then. It is empty in the end.
    """

    __table_args__ = (
        UniqueConstraint("subscriber_id", "kind", "about", name="uq_letter_about"),
        Index("ix_letter_subscriber", "subscriber_id", "id"),
        index_of("due_at IS NOT NULL", "ix_letter_due", "due_at"),
    )
    id: UUID = Field(primary_key=True)
    subscriber_id: int = Field(foreign_key="subscriber.id")
    kind: str = Field(max_length=16)
    about: str = Field(max_length=80)
    created_at: datetime
    due_at: datetime | None = None
    sent_at: datetime | None = None
    tries: int = Field(default=0, sa_type=SmallInteger)
    error: str = Field(default="", max_length=200)


class RatingMail(Table, table=True):
    """A mail that asks one customer for a rating, on its way. What is sent or given up is deleted, address and all.

    `id` is that of the answer which the link `url` gives, `respondent` the reference that the answer will have. It may
    be asked for ahead: `created_at` is when it is to go.
    """

    __tablename__ = "rating_mail"
    __table_args__ = (
        Index("ix_rating_mail_due", "due_at"),
        Index("ix_rating_mail_respondent", "respondent"),
    )
    id: UUID = Field(primary_key=True)
    touchpoint_id: int
    respondent: str = Field(max_length=200)
    email: str = Field(max_length=254)
    language: str = Field(max_length=35)
    url: str = Field(sa_type=Text)
    created_at: datetime
    due_at: datetime
    tries: int = Field(default=0, sa_type=SmallInteger)
    error: str = Field(default="", max_length=200)
