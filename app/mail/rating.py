"""A mail that asks a customer for a rating. His address is kept until the mail server has it, and nowhere else."""

from email.utils import parseaddr

from sqlalchemy import delete
from sqlmodel import Session, col

from app.links.mail import snippet
from app.mail.draw import Drawn, line_of, wrapped
from app.models import RatingMail, Touchpoint
from app.pages.i18n import in_language, messages
from app.pages.render import ENVIRONMENT
from app.touchpoints import ways
from app.touchpoints.registry import Known, known


def take_back(session: Session, respondent: str) -> None:
    """Send nothing of what waits for somebody. A mail that is being sent in this moment arrives."""
    session.execute(delete(RatingMail).where(col(RatingMail.respondent) == respondent))


def place(session: Session, number: int) -> Known | None:
    """The touchpoint that a mail asks about; None when it takes no answers by link any more."""
    row = session.get(Touchpoint, number)
    return known(row) if row and not row.archived_at and ways.LINK in row.open else None


def drawn(about: Known, row: RatingMail, mail_from: str) -> Drawn:
    """The rating with who asks, and the way to be asked no more. The question is the subject."""
    t, question = messages("links", row.language), in_language(about.row.question, row.language)
    buttons = snippet(about.row.question, about.scale, row.language).to(row.url)
    why, stop = t("mail_why", sender=_name(mail_from)), f"{row.url}/stop"
    said = {"language": row.language, "rating": buttons.html, "subject": question, "why": why, "stop": stop, "t": t}
    lines = [buttons.text, "-- ", *wrapped(why), f"{t('mail_stop')}:", stop]
    return Drawn(question, "\n".join(lines) + "\n", ENVIRONMENT.get_template("mail_asking.html").render(said), stop)


def _name(mail_from: str) -> str:
    name, address = parseaddr(mail_from)
    return line_of(name) or address.partition("@")[2]
