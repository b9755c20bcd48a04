"""What a process that looks each hour need not work out again. To lose it costs time and nothing else."""

import pickle
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from app.models import Alert, Touchpoint
from app.monitoring import counted, levels
from app.monitoring.counted import Today
from app.monitoring.fleet import Line
from app.monitoring.levels import Stands, State
from app.monitoring.morning import Morning
from app.touchpoints.registry import Known


class Held(NamedTuple):
    """What came of a touchpoint's days before the `day`, what it had been before that, and when it was changed."""

    morning: Morning | None
    day: int
    before: Mapping[str, tuple[int, ...]]
    changed_at: datetime


@dataclass
class Memory:
    """How touchpoints were and stood at the last look, and at which look an action was found undecided.

    `held` are pickled `Held`: the garbage collector, for which everybody waits, does not walk through bytes.
    """

    lines: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    states: dict[int, State] = field(default_factory=dict)
    held: dict[int, bytes] = field(default_factory=dict)
    actions: dict[int, int] = field(default_factory=dict)
    looked_at: datetime | None = None

    def is_new(self, line: Line) -> bool:
        """Whether it has other answers than at the last look, or was changed."""
        return self.lines.get(line.id) != (line.revision, line.changed_at)

    def troubled(self, session: Session) -> set[int]:
        """The touchpoints with an open alert, or one that was closed since: a level may have to be learned anew.

        That of a journey is one of each of its touchpoints.
        """
        closed = col(Alert.closed_at)
        which = closed.is_(None) if self.looked_at is None else closed.is_(None) | (closed >= self.looked_at)
        own = select(Alert.touchpoint_id).where(which, col(Alert.touchpoint_id).is_not(None)).distinct()
        shared = session.exec(select(Alert).where(which, col(Alert.journey_id).is_not(None)))
        keys = {one["touchpoint"] for row in shared for one in row.evidence["touchpoints"]}
        members = session.exec(select(Touchpoint.id).where(col(Touchpoint.key).in_(keys))) if keys else ()
        return {number for number in (*session.exec(own), *members) if number}

    def is_settled(self, known: Known, today: Today, at: datetime, fleet: int) -> bool:
        """Whether a touchpoint without an alert stands as before: nothing but answers of today came, and no change.

        An answer erased and one alike added on another day before today are missed, until the next day begins.
        """
        if known.id not in self.held:
            return False
        held: Held = pickle.loads(self.held[known.id])  # noqa: S301 - this process wrote it
        if held.day != counted.day_of(at, known.zone):
            return False
        if held.before != today.before or held.changed_at != known.row.updated_at:
            return False
        return held.morning is None or held.morning.is_steady(today.cells, levels.per_alarm(fleet))

    def rho(self) -> dict[int, float]:
        """By touchpoint that is watched: how much of the variance of an answer those of its day share."""
        held: dict[int, Held] = {number: pickle.loads(said) for number, said in self.held.items()}  # noqa: S301
        return {number: one.morning.rho for number, one in held.items() if one.morning}

    def keep(self, these: Sequence[Known], stands: Stands, todays: Mapping[int, Today], at: datetime) -> None:
        """Remember how these stand, when what was found is written."""
        for known in these:
            day, stand = counted.day_of(at, known.zone), stands[known.id]
            held = Held(stand.morning, day, todays[known.id].before, known.row.updated_at)
            self.held[known.id] = pickle.dumps(held)
            self.states[known.id] = stand.state

    def looked(self, lines: Collection[Line]) -> None:
        """Remember that these were looked at."""
        self.lines.update((line.id, (line.revision, line.changed_at)) for line in lines)
