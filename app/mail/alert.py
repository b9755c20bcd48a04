"""The letter that tells of an alert as soon as it is opened."""

from datetime import datetime

from sqlmodel import Session

from app.mail import changes
from app.mail.language import Say
from app.mail.writing import Links, Mail, Part
from app.models import Alert, Subscriber


def mail(session: Session, whose: Subscriber, about: str, links: Links, at: datetime) -> Mail | None:
    """The letter; None when the alert was closed, or is no longer wished for."""
    found = session.get(Alert, int(about))
    place = changes.place_of(session, found) if found else None
    if found is None or place is None or found.closed_at or not whose.alerts:
        return None
    say = Say(whose.language, whose.timezone)
    item = changes.item(found, place, say, links)
    title = f"{item.name} {item.said}"
    return Mail(
        subject=title,
        over=say("at_once", day=say.day(found.opened_at)),
        title=f"{title}.",
        parts=[Part(say("changed") if item.levels else say("needs"), [item])],
        ends=[*([say("figures")] if item.levels else []), say("because_alerts", email=whose.email)],
        choose=(say("choose_link"), links.choose),
        stop=(say("stop_link"), links.stop),
    )
