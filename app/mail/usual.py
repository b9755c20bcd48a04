"""How many touchpoints are as usual, and of how many nobody can tell: calm must be earned."""

from sqlmodel import Session, col, select

from app.mail.changes import LEVELS
from app.mail.language import Say
from app.mail.period import Period, is_true
from app.models import Alert
from app.monitoring import lease


def line(session: Session, period: Period, say: Say) -> str:
    """One or two sentences about the touchpoints of the period; empty before the monitoring has looked at any."""
    watching = lease.watching(lease.read(session))
    if watching is None:
        return ""
    watched = period.by_id.keys() & watching
    usual, thin = len(watched - _moved(session, period)), len(period.by_id) - len(watched)
    said = [_usual(usual, len(watched), say)] if watched else []
    return " ".join([*said, *([say("thin", n=thin)] if thin else [])])


def _usual(usual: int, watched: int, say: Say) -> str:
    if usual in (0, watched):
        return say("usual_all" if usual else "usual_none", n=watched)
    return say("usual_some", n=usual, watched=say.number(watched))


def _moved(session: Session, period: Period) -> set[int]:
    """Where a level fell or rose and was not back before the period."""
    stood = col(Alert.closed_at).is_(None) | (col(Alert.closed_at) >= period.since)
    rows = session.exec(select(Alert.touchpoint_id).where(col(Alert.kind).in_(LEVELS), is_true(), stood))
    return {number for number in rows if number}
