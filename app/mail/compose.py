"""A letter is written when it is sent: what was erased or closed meanwhile is not told as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from uuid import UUID

from sqlmodel import Session

from app.mail import alert, digest, draw, invitation
from app.mail.outbox import ALERT, DIGEST, INVITATION
from app.mail.tokens import CONFIRM, STOP, token
from app.mail.writing import Links, Mail
from app.models import Letter, Subscriber

_KINDS = {INVITATION: invitation.mail, ALERT: alert.mail, DIGEST: digest.mail}


@dataclass(frozen=True, slots=True)
class Written:
    """A letter that is still to be drawn: that takes the processor some milliseconds, and needs no database."""

    mail: Mail
    language: str
    mail_from: str
    to: str
    number: UUID
    at: datetime

    @property
    def sender(self) -> str:
        """The address without the name."""
        return parseaddr(self.mail_from)[1]

    def message(self) -> bytes:
        return draw.message(self.mail, self.language, sender=self.mail_from, to=self.to, number=self.number, at=self.at)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the `From` of all letters, the public address that links begin with, and the secrets for them."""

    mail_from: str
    service: str | None
    secrets: Sequence[bytes]

    def written(self, session: Session, number: UUID, at: datetime) -> Written | str:
        """The letter; or why there is none to send."""
        letter = session.get(Letter, number)
        whose = session.get(Subscriber, letter.subscriber_id) if letter else None
        if letter is None or whose is None:
            return "deleted"
        if not whose.listens and (letter.kind != INVITATION or whose.unsubscribed_at or whose.bounced_at):
            return "no longer wanted"
        made = _KINDS[letter.kind](session, whose, letter.about, self._links(whose), at)
        if made is None:
            return "nothing to tell any more"
        return Written(made, whose.language, self.mail_from, whose.email, number, letter.created_at)

    def _links(self, whose: Subscriber) -> Links:
        base = (self.service or whose.base).rstrip("/")
        own = {name: token(self.secrets[0], name, whose.id or 0, whose.email) for name in (CONFIRM, STOP)}
        return Links(base, *(f"{base}/mail/{name}/{own[name]}" for name in (CONFIRM, STOP)))
