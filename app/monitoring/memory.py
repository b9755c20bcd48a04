"""What a process that looks each hour need not work out again. To lose it costs time and nothing else."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from app.models import Alert, Revision
from app.monitoring import counted, levels
from app.monitoring.counted import Today
from app.monitoring.levels import Stand, Stands
from app.touchpoints.registry import Known

Stamp = tuple[int, datetime]  # revision of the answers, when the touchpoint was changed


class Held(NamedTuple):
    """How a touchpoint stood on a day, what it had been before that day, and when it was changed."""

    stand: Stand
    day: int
    before: Mapping[str, tuple[int, ...]]
    changed_at: datetime


@dataclass
class Memory:
    """How touchpoints were at the last look, and at which look an action was found undecided."""

    stamps: dict[int, Stamp] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)
    actions: dict[int, int] = field(default_factory=dict)
    looked_at: datetime | None = None

    def changed(self, session: Session, fleet: Sequence[Known], troubled: Collection[int]) -> dict[int, Stamp]:
        """How those are now that are to be looked at: with other answers, changed, or with an alert (`troubled`)."""
        columns: Any = (Revision.touchpoint_id, Revision.revision)
        rows: Any = session.execute(select(*columns))
        revisions: Mapping[int, int] = dict(rows.all())
        stamps = {known.id: (revisions.get(known.id, 0), known.row.updated_at) for known in fleet}
        return {
            number: stamp for number, stamp in stamps.items() if stamp != self.stamps.get(number) or number in troubled
        }

    def troubled(self, session: Session) -> set[int]:
        """The touchpoints with an open alert, or one that was closed since: a level may have to be learned anew."""
        closed = col(Alert.closed_at)
        which = closed.is_(None) if self.looked_at is None else closed.is_(None) | (closed >= self.looked_at)
        return set(session.exec(select(Alert.touchpoint_id).where(which).distinct()))

    def is_settled(self, known: Known, today: Today, at: datetime, fleet: int) -> bool:
        """Whether a touchpoint without an alert stands as before: nothing but answers of today came, and no change.

        An answer erased and one alike added on another day before today are missed, until the next day begins.
        """
        held = self.held.get(known.id)
        if not held or held.day != counted.day_of(at, known.zone):
            return False
        if held.before != today.before or held.changed_at != known.row.updated_at:
            return False
        morning = held.stand.morning
        return morning is None or morning.is_steady(today.cells, levels.per_alarm(fleet))

    def keep(self, these: Sequence[Known], stands: Stands, todays: Mapping[int, Today], at: datetime) -> None:
        """Remember how these stand, when what was found is written."""
        for known in these:
            day, before = counted.day_of(at, known.zone), todays[known.id].before
            self.held[known.id] = Held(stands[known.id], day, before, known.row.updated_at)
