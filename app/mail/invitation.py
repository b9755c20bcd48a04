"""The first letter: whether somebody wants the others."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlmodel import Session

from app.mail.writing import Links, Mail
from app.models import Subscriber
from app.pages.i18n import messages


def mail(_: Session, whose: Subscriber, about: str, links: Links, at: datetime) -> Mail:
    """The letter with the link that confirms."""
    t, host = messages("mail", whose.language), urlsplit(links.base).netloc
    wanted = [t("invited_alerts")] * whose.alerts + ([t(f"invited_{whose.digest}")] if whose.digest != "none" else [])
    return Mail(
        subject=t("invited_subject"),
        over=host,
        title=t("invited_title"),
        lines=[*wanted, t("invited_why")],
        button=(t("confirm_ask_button"), links.confirm),
        ends=[t("invited_not_you", host=host)],
        stop=(t("stop_link"), links.stop),
    )
