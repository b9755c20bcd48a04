"""How much waits for somebody: what the bar counts on every page."""

import time
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col
from starlette.datastructures import State

from app.answers import handling
from app.models import Alert, Feedback, Handling, Touchpoint, now

FRESH_S = 10.0  # a page may count what was so long ago, so that a page costs no count
MOST = 100  # no more are counted: 99+


class Waiting(NamedTuple):
    """Alerts that nobody has taken, and answers that somebody should look at."""

    alerts: int = 0
    comments: int = 0


NOTHING = Waiting()


async def of(state: State, may: Callable[[str], bool]) -> Waiting:
    """What waits, as far as the key may read it; counted once in FRESH_S seconds by each process."""
    at, found = getattr(state, "waiting", (0.0, NOTHING))
    if time.monotonic() - at > FRESH_S or not at:
        found = await state.db.read(count)
        state.waiting = time.monotonic(), found
    return Waiting(found.alerts * may("alerts:read"), found.comments * may("feedback:read"))


def forget(state: State) -> None:
    """Count anew for the next page: somebody is about to change something."""
    state.waiting = 0.0, NOTHING


def count(session: Session) -> Waiting:
    """One statement for each, none of which reads more than it counts."""
    alerts = select(col(Alert.id)).where(col(Alert.closed_at).is_(None), col(Alert.acknowledged_at).is_(None))
    said = select(col(Handling.id)).where(col(Handling.state) == handling.NEW)
    untouched = (
        select(col(Feedback.id))
        .join(Touchpoint, col(Touchpoint.id) == Feedback.touchpoint_id)
        .outerjoin(Handling, handling.IS_ROW)
        .where(handling.is_new(now()), col(Handling.state).is_(None))
    )
    counts = [
        session.execute(select(func.count()).select_from(one.limit(MOST).subquery())).scalar_one()
        for one in (alerts, said, untouched)
    ]
    return Waiting(counts[0], min(MOST, counts[1] + counts[2]))
