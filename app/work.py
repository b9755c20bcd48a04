"""A unit of work: a plain function of a Session, which a database runs in one transaction."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlmodel import Session

T = TypeVar("T")
Work = Callable[[Session], T]


def within(connection: Connection, work: Work[T]) -> T:
    """Run `work` in a session on `connection`; what it left unsaid is sent to the database at its end."""
    with Session(connection, expire_on_commit=False, autoflush=True) as session:
        done = work(session)
        session.flush()
        return done
