"""The touchpoints and segments that a form offers: what is chosen first, then groups, or what was searched for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from app.dashboard import split
from app.dashboard.localized import Localized
from app.dashboard.request_context import Posting
from app.folding import words
from app.models import Segment, Split, Touchpoint
from app.scores.segment_values import NONE, OTHER
from app.touchpoints import registry
from app.touchpoints.catalogue import PHASES

WHOLE = 120  # as many are offered unasked
FOUND = 60
SEGMENTS_MOST = 400
Names = Mapping[str, str]  # by key


def _named(rows: Sequence[Touchpoint], t: Localized) -> dict[str, str]:
    names = {row.key: t.own(row.name) for row in rows}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))


def segments(session: Session, t: Localized, chosen: Collection[str] = ()) -> dict[str, str]:
    """What the counted values of declared keys are called, by segment, and those chosen before; in their order."""
    known = select(Split.key, Segment.value).where(col(Segment.split_id) == Split.id).distinct()
    rows = session.exec(known.where(col(Segment.value).not_in((NONE, OTHER))).limit(SEGMENTS_MOST))
    spoken = split.spoken(session, list(dict.fromkeys([*(f"{key}:{value}" for key, value in rows), *chosen])), t)
    names = {segment: f"{key}: {value}" for segment, (key, value) in spoken.items()}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands in the form: `groups` are (title, names); `more` were found and are not shown.

    `names` are those of all touchpoints, archived ones too, for what else the page says of them.
    """

    names: Names
    q: str
    total: int
    chosen: Names
    groups: Sequence[tuple[str, Names]]
    more: int = 0

    @property
    def many(self) -> bool:
        """Whether nothing is offered before somebody searches."""
        return self.total > WHOLE


def every(session: Session) -> list[Touchpoint]:
    """All touchpoints, archived ones too."""
    return registry.find(session, limit=10_000, archived=None)


def choice(session: Session, t: Localized, chosen: Collection[str], q: str = "") -> Choice:
    """What a form offers of all touchpoints."""
    return among(every(session), t, chosen, q)


def among(every: Sequence[Touchpoint], t: Localized, chosen: Collection[str], q: str = "") -> Choice:
    """Few are offered by phase; of many those whose name, key, owner, tags or phase begin with the words of `q`."""
    rows, names = [row for row in every if row.archived_at is None or row.key in chosen], _named(every, t)
    picked = _named([row for row in rows if row.key in chosen], t)
    left = [row for row in rows if row.key not in chosen and _fits(row, q, t)]
    if q:
        found = _named(left, t)
        return Choice(
            names, q, len(rows), picked, [("", dict(list(found.items())[:FOUND]))], max(0, len(found) - FOUND)
        )
    offered = left if len(rows) <= WHOLE else []
    groups = [(t.named("phase", phase), [row for row in offered if row.phase == phase]) for phase in PHASES]
    return Choice(names, q, len(rows), picked, [(title, _named(some, t)) for title, some in groups if some])


def _fits(row: Touchpoint, q: str, t: Localized) -> bool:
    said = words(" ".join([row.key, *row.name.values(), row.owner or "", *row.tags, t.named("phase", row.phase)]))
    return all(any(word.startswith(one) for word in said) for one in words(q))


def searches(posting: Posting) -> bool:
    """Whether the form was sent to find touchpoints: by its button, or by Enter after a word was typed."""
    if posting.get("step") == "find":
        return True
    return posting.get("step") == "enter" and posting.get("find") not in ("", posting.get("found"))


def filled(draft: Mapping[str, Any]) -> dict[str, Any]:
    """What a form says, without what was searched for."""
    return {name: value for name, value in draft.items() if name != "find"}
