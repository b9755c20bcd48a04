"""Drops and rises of whole journeys: what their touchpoints share, beyond those that have an alert of their own."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from time import sleep
from typing import NamedTuple

from sqlmodel import Session, col, select

from app.models import Alert, Journey, Stage
from app.monitoring import counted, drop, fleet, levels
from app.monitoring.drop import Found, Part, Past
from app.monitoring.levels import Read, Told
from app.monitoring.seen import Seen
from app.monitoring.together import Together
from app.touchpoints.registry import Known

FEWEST = 2  # touchpoints that are watched: of one there is nothing to tell that its own alert does not


class Way(NamedTuple):
    """A journey, its touchpoints in use, and what is told of it, by kind."""

    row: Journey
    members: Sequence[Known]
    told: Mapping[str, Told]


class Judged(NamedTuple):
    """What was found of a journey, and the alerts of touchpoints with which it fell or rose as a whole."""

    seen: Sequence[Seen]
    alerts: Sequence[int]


def keys(session: Session) -> dict[int, set[str]]:
    """The touchpoints of each journey."""
    found: dict[int, set[str]] = {}
    for stage in session.exec(select(Stage)):
        found.setdefault(stage.journey_id, set()).update(stage.touchpoints)
    return found


def read(session: Session, number: int, names: set[str]) -> Way | None:
    """A journey; None when it was deleted meanwhile, or has no touchpoint in use."""
    row, members = session.get(Journey, number), list(fleet.keyed(session, names).values())
    if row is None or not members:
        return None
    standing = Alert.journey_id == number, col(Alert.closed_at).is_(None)
    told = session.exec(select(Alert).where(*standing))
    return Way(row, members, {one.kind: levels.told_by(one, members[0].zone) for one in told})


def judge(way: Way, found: Mapping[int, Read], at: datetime, per_alarm: float) -> Judged:
    """Whether its level fell or rose, or did and no longer does."""
    today, pasts = counted.day_of(at, way.members[0].zone), dict[str, Past]()
    for known in way.members:
        one = found[known.id]
        if past := drop.past(one.cells, counted.day_of(at, known.zone), one.learn_from):
            pasts[known.key] = past
        sleep(0)  # for the thread that takes answers
    seen: list[Seen] = []
    linked: list[int] = []
    for kind in levels.KINDS:
        alone = {known.key: found[known.id].told[kind].alert for known in way.members if kind in found[known.id].told}
        rest = Together({key: past for key, past in pasts.items() if key not in alone}, today, _weights(way))
        seen += _changes(way, kind, rest, list(alone.values()), per_alarm)
        if alone and not any(one.there for one in seen if one.kind == kind) and len(pasts) >= FEWEST:
            linked += alone.values() if Together(pasts, today).moved(per_alarm, rise=kind == "rise").fell else ()
    while pasts:  # to free the counts of many at once would hold up the answers that come in
        pasts.popitem()
        sleep(0)
    return Judged(seen, linked)


def _changes(way: Way, kind: str, rest: Together, alone: Sequence[int], per_alarm: float) -> Iterator[Seen]:
    """`rest` are the touchpoints without an alert of their own, `alone` the alerts of the others."""
    told, enough = way.told.get(kind), len(rest.pasts) >= FEWEST
    found = rest.moved(per_alarm, rise=kind == "rise") if enough else Found()
    zone = way.members[0].zone
    if told and (levels.is_over(found) or rest.is_back(told.day, _parts(told), per_alarm, rise=kind == "rise")):
        yield Seen(None, kind, False, levels.midnight(rest.today, zone), journey_id=way.row.id)
    elif levels.is_worth_telling(found):
        evidence = levels.numbers(found) | {
            "touchpoints": [levels.part_of("touchpoint", part) for part in found.sources],
            "alerts": alone,
        }
        yield Seen(None, kind, True, levels.midnight(found.since, zone), evidence, journey_id=way.row.id)


def _weights(way: Way) -> dict[str, float]:
    """By the journey's own rule each touchpoint counts alike, or as much as it is important; else each answer does."""
    if way.row.rule == "pooled":
        return {}
    return {known.key: known.row.importance if way.row.rule == "importance" else 1.0 for known in way.members}


def _parts(told: Told) -> list[Part]:
    return [
        Part(one["touchpoint"], one["before"] / 100, one["after"] / 100, one["answers"])
        for one in told.evidence["touchpoints"]
    ]
