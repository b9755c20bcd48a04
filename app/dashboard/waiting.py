"""How much waits for somebody: what the bar counts on every page."""

import time
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col
from starlette.datastructures import State

from app.answers import handling, inbox
from app.models import Alert

FRESH_S = 10.0  # a page may count what was so long ago, so that a page costs no count
MOST = 100  # no more are counted: 99+


class Waiting(NamedTuple):
    """Alerts that nobody has taken, comments that nobody has read, and customers who are to get an answer."""

    alerts: int = 0
    comments: int = 0
    replies: int = 0


NOTHING = Waiting()
QUIET = ("rise", "target", "action")  # kinds of alerts that say what changed and ask nobody for anything


async def of(state: State, may: Callable[[str], bool]) -> Waiting:
    """What waits, as far as the key may read it; counted once in FRESH_S seconds by each process."""
    at, found = getattr(state, "waiting", (0.0, NOTHING))
    if time.monotonic() - at > FRESH_S or not at:
        found = await state.db.read(count)
        state.waiting = time.monotonic(), found
    reads = may("feedback:read")
    return Waiting(found.alerts * may("alerts:read"), found.comments * reads, found.replies * reads)


def forget(state: State) -> None:
    """Count anew for the next page: somebody is about to change something."""
    state.waiting = 0.0, NOTHING


def count(session: Session) -> Waiting:
    """None of the statements reads more than it counts."""
    open_ones = select(col(Alert.id)).where(
        col(Alert.closed_at).is_(None), col(Alert.acknowledged_at).is_(None), col(Alert.kind).not_in(QUIET)
    )
    alerts = session.execute(select(func.count()).select_from(open_ones.limit(MOST).subquery())).scalar_one()
    states = inbox.counts(session, MOST)
    return Waiting(alerts, states[handling.NEW], states[handling.NEEDS_REPLY])
