"""Subscribers in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.errors import Code, Problem
from app.mail import outbox
from app.mail.schedule import due_after, told
from app.mail.schemas import Choice, SubscriberIn, SubscriberPatch
from app.mail.tokens import CHOOSE, is_genuine, number_of
from app.models import Letter, Subscriber, now
from app.touchpoints.registry import registered

HOME = {"en": "UTC", "de": "Europe/Berlin", "da": "Europe/Copenhagen", "pl": "Europe/Warsaw"}
AGAIN_AFTER = timedelta(minutes=10)
_WORDS = ("touchpoints", "tags")
_MAIL_IS_OFF = "no mail server is set (TOUCHSTONE_SMTP_URL)"


@dataclass(frozen=True, slots=True)
class Inviter:
    """Who adds somebody: by name, whether that one may read answers, and at which address he reached the service."""

    name: str
    reads: bool
    base: str


def invite(session: Session, body: SubscriberIn, by: Inviter) -> Subscriber:
    """Add somebody who is asked by mail first; Problem already_subscribed, invalid_request.

    Who has ended it, or whose mails came back, is asked again.
    """
    registered(session, body.touchpoints)
    row = session.exec(select(Subscriber).where(Subscriber.email == body.email).with_for_update()).first()
    if row and not (row.unsubscribed_at or row.bounced_at):
        raise _taken()
    row = row or Subscriber(email=body.email, language="", timezone="", base="", created_by="")
    said = body.model_dump() | {"touchpoints": _words(body.touchpoints), "tags": _words(body.tags)}
    said |= {"timezone": body.timezone or HOME[body.language], "created_at": now(), "created_by": by.name}
    said |= {"comments": by.reads, "base": by.base, **dict.fromkeys(_ENDS)}
    for name, value in said.items():
        setattr(row, name, value)
    session.add(row)
    try:
        session.flush()
    except IntegrityError:  # of two in the same moment the second
        raise _taken() from None
    outbox.put(session, row, outbox.INVITATION, row.created_at.isoformat(), row.created_at)
    return row


def asked_at(session: Session, number: int) -> datetime | None:
    """When somebody was last asked to confirm."""
    wanted = select(Letter.created_at).where(Letter.subscriber_id == number, Letter.kind == outbox.INVITATION)
    return session.exec(wanted.order_by(col(Letter.id).desc()).limit(1)).first()


def ask_again(session: Session, number: int) -> None:
    """Ask for confirmation once more whoever gets no mails, but not twice within AGAIN_AFTER; Problem not_found."""
    row, at = by_id(session, number, locked=True), now()
    last = asked_at(session, number)
    if row.listens or (last and at - last < AGAIN_AFTER):
        return
    for name in _ENDS:
        setattr(row, name, None)
    outbox.put(session, row, outbox.INVITATION, at.isoformat(), at)


_ENDS = ("confirmed_at", "unsubscribed_at", "bounced_at", "bounce", "digest_at", "digest_until")


def _taken() -> Problem:
    return Problem(Code.ALREADY_SUBSCRIBED, "This address has a subscriber already; change that one.")


def _words(said: list[str]) -> str:
    return " ".join(dict.fromkeys(said))


def by_id(session: Session, number: int, *, locked: bool = False) -> Subscriber:
    """The subscriber with this id; Problem not_found."""
    wanted = select(Subscriber).where(Subscriber.id == number)
    row = session.exec(wanted.with_for_update() if locked else wanted).first() if 0 < number < 2**31 else None
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no subscriber with this id.")
    return row


def page(session: Session, after: int, limit: int) -> list[Subscriber]:
    """Subscribers in the order they were added, those after number `after`."""
    wanted = select(Subscriber).where(col(Subscriber.id) > after).order_by(col(Subscriber.id))
    return list(session.exec(wanted.limit(limit)))


def late(session: Session) -> dict[int, str]:
    """The subscribers that a mail waits for which was tried before, and what the mail server said."""
    columns: Any = (Letter.subscriber_id, func.max(Letter.error))
    waits = col(Letter.due_at).is_not(None), col(Letter.error) != ""
    rows: Any = session.execute(select(*columns).where(*waits).group_by(col(Letter.subscriber_id)))
    return dict(rows.all())


def change(session: Session, number: int, body: SubscriberPatch) -> Subscriber:
    """Change what is said; Problem not_found, invalid_request."""
    row = by_id(session, number, locked=True)
    registered(session, body.touchpoints or [])
    for name, value in body.model_dump(exclude_unset=True).items():
        if value is not None or name == "owner":
            setattr(row, name, _words(value) if name in _WORDS else value)
    if row.listens:
        _plan(row, now())
    return row


def _plan(row: Subscriber, at: datetime) -> None:
    """When the next digest is due, and from when on it tells: from the beginning of the period that runs."""
    zone = ZoneInfo(row.timezone)
    row.digest_at = due_after(row.digest, zone, at)
    row.digest_until = (row.digest_until or told(row.digest, zone, at, None)[1]) if row.digest_at else None


def remove(session: Session, number: int) -> None:
    """Delete a subscriber and the letters on their way; Problem not_found."""
    row = by_id(session, number, locked=True)
    session.execute(delete(Letter).where(col(Letter.subscriber_id) == number))
    session.delete(row)


def behind(session: Session, text: str, secrets: list[bytes], purpose: str, *, locked: bool = False) -> Subscriber:
    """The subscriber whose link this is; Problem link_invalid."""
    number = number_of(text)
    wanted = select(Subscriber).where(Subscriber.id == number)
    row = session.exec(wanted.with_for_update() if locked else wanted).first() if number else None
    if row is None or not is_genuine(text, secrets, purpose, row.id or 0, signed(row, purpose)):
        raise Problem(Code.LINK_INVALID, "This link is incomplete, was changed, or its subscriber is gone.")
    return row


def signed(row: Subscriber, purpose: str) -> str:
    """Whom a link is for: an address; the link to choose only as long as this subscription of it lasts."""
    return f"{row.email}\0{row.confirmed_at}" if purpose == CHOOSE else row.email


def confirm(session: Session, text: str, secrets: list[bytes], purpose: str) -> Subscriber:
    """The link was pressed; once more changes nothing, and who has ended it stays out. Problem link_invalid."""
    row = behind(session, text, secrets, purpose, locked=True)
    if not row.confirmed_at and not row.unsubscribed_at:
        row.confirmed_at = now()
        _plan(row, row.confirmed_at)
    return row


def stop(session: Session, text: str, secrets: list[bytes], purpose: str) -> Subscriber:
    """No more letters, those on their way included; Problem link_invalid."""
    row = behind(session, text, secrets, purpose, locked=True)
    row.unsubscribed_at, row.digest_at = row.unsubscribed_at or now(), None
    return row


def choose(session: Session, text: str, secrets: list[bytes], choice: Choice) -> Subscriber:
    """What the person wants from now on; who has ended it stays out. Problem link_invalid."""
    row = behind(session, text, secrets, CHOOSE, locked=True)
    return row if row.unsubscribed_at else change(session, row.id or 0, SubscriberPatch(**choice.model_dump()))


def public(session: Session, row: Subscriber, *, mailing: bool) -> dict[str, Any]:
    """A subscriber as the API shows it; `mailing` is whether there is a mail server."""
    words = {name: getattr(row, name).split() for name in _WORDS}
    last = session.exec(select(Letter).where(Letter.subscriber_id == row.id).order_by(col(Letter.id).desc())).first()
    sent = select(Letter.sent_at).where(Letter.subscriber_id == row.id, col(Letter.sent_at).is_not(None))
    problem = row.bounce or (last.error if last and not last.sent_at else "")
    waits = last is not None and last.due_at is not None
    return {
        **row.model_dump(),
        **words,
        "state": state_of(row),
        "sent_at": session.exec(sent.order_by(col(Letter.id).desc())).first(),
        "problem": problem or (_MAIL_IS_OFF if waits and not mailing else None),
    }


def state_of(row: Subscriber) -> str:
    ends = {"unsubscribed": row.unsubscribed_at, "bounced": row.bounced_at, "confirmed": row.confirmed_at}
    return next((name for name, at in ends.items() if at), "pending")
