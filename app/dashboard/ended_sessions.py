"""Sessions that somebody signed out of: their cookies are worth nothing although they have not expired."""

from sqlalchemy import delete
from sqlmodel import Session, col

from app.dashboard.session import expiry, nonce
from app.models import EndedSession, now


def end(session: Session, cookie: str) -> None:
    """Remember that this session has ended, for as long as its cookie would have been good."""
    session.exec(delete(EndedSession).where(col(EndedSession.expires_at) < now()))
    session.merge(EndedSession(nonce=nonce(cookie), expires_at=expiry(cookie)))


def is_ended(session: Session, cookie: str) -> bool:
    return session.get(EndedSession, nonce(cookie)) is not None
