"""A letter is written when it is sent: what was erased or closed meanwhile is not told as it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from functools import partial
from uuid import UUID

from sqlmodel import Session

from app.cooldown.asked import ANYWHERE, MARKS, until
from app.mail import alert, digest, invitation, rating
from app.mail.draw import Drawn, message
from app.mail.draw import letter as draw_letter
from app.mail.outbox import ALERT, DIGEST, INVITATION
from app.mail.subscribers import signed
from app.mail.tokens import PURPOSES, token
from app.mail.writing import Links
from app.models import Letter, RatingMail, Subscriber

_KINDS = {INVITATION: invitation.mail, ALERT: alert.mail, DIGEST: digest.mail}


@dataclass(frozen=True, slots=True)
class Written:
    """A letter that is still to be drawn: that takes the processor some milliseconds, and needs no database."""

    draw: Callable[[], Drawn]
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
        drawn = self.draw()
        return message(drawn, self.language, sender=self.mail_from, to=self.to, number=self.number, at=self.at)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the `From` of all letters, the public address that links begin with, and the secrets for them."""

    mail_from: str
    service: str | None
    secrets: Sequence[bytes]

    def written(self, session: Session, number: UUID, at: datetime) -> Written | str:
        """The letter; or why there is none to send."""
        if asked := session.get(RatingMail, number):
            return self._asking(session, asked, at)
        letter = session.get(Letter, number)
        whose = session.get(Subscriber, letter.subscriber_id) if letter else None
        if letter is None or whose is None:
            return "deleted"
        if not whose.listens and (letter.kind != INVITATION or whose.unsubscribed_at or whose.bounced_at):
            return "no longer wanted"
        made = _KINDS[letter.kind](session, whose, letter.about, self._links(whose), at)
        if made is None:
            return "nothing to tell any more"
        draw = partial(draw_letter, made, whose.language)
        return Written(draw, whose.language, self.mail_from, whose.email, number, letter.created_at)

    def _asking(self, session: Session, row: RatingMail, at: datetime) -> Written | str:
        """A mail that asks a customer; or why he is not asked."""
        again_at = until(session, self.secrets, [row.respondent], ANYWHERE, at).get(row.respondent)
        if again_at in MARKS:
            return MARKS[again_at]
        about = rating.place(session, row.touchpoint_id)
        if about is None:
            return "the touchpoint takes no answers any more"
        draw = partial(rating.drawn, about, row, self.mail_from)
        return Written(draw, row.language, self.mail_from, row.email, row.id, row.created_at)

    def _links(self, whose: Subscriber) -> Links:
        base = (self.service or whose.base).rstrip("/")
        own = {name: token(self.secrets[0], name, whose.id or 0, signed(whose, name)) for name in PURPOSES}
        return Links(base, **{name: f"{base}/mail/{name}/{own[name]}" for name in PURPOSES})
