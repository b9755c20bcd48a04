"""What a process that looks each hour need not work out again. To lose it costs time and nothing else."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.models import Alert, Revision
from app.monitoring.levels import State
from app.touchpoints.registry import Known

Stamp = tuple[int, datetime]  # revision of the answers, when the touchpoint was changed


@dataclass
class Memory:
    """How touchpoints were at the last look, and at which look an action was found undecided."""

    stamps: dict[int, Stamp] = field(default_factory=dict)
    states: dict[int, State] = field(default_factory=dict)
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

    def keep(self, stamps: Mapping[int, Stamp], states: Mapping[int, State]) -> None:
        """Remember that these were looked at, when what was found is written."""
        self.stamps.update(stamps)
        self.states.update(states)
