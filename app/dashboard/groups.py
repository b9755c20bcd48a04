"""The touchpoints of the map in groups. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.dashboard import levels
from app.dashboard.levels import Level
from app.dashboard.localized import Localized
from app.scores.formulas import Estimate
from app.touchpoints.catalogue import CONTACTS, PHASES

Change = Mapping[str, Any]  # {direction, since, from, to}, as the monitoring found it
Stages = Mapping[str, Sequence[str]]  # by touchpoint: the stages of journeys that it stands in, in words


@dataclass(slots=True)
class Group:
    """Touchpoints that belong together; `key` is how an address names them, empty for those that belong nowhere."""

    key: str
    title: str
    members: list[Level] = field(default_factory=list)
    pooled: Estimate | None = None
    fell: int = 0
    missed: int = 0
    small: str = ""


def _tags(level: Level, _: Stages) -> Sequence[str]:
    return level.known.row.tags or [""]


_BY: dict[str, Callable[[Level, Stages], Sequence[str]]] = {
    "phase": lambda level, _: [level.known.row.phase],
    "contact": lambda level, _: [level.known.row.contact],
    "channel": lambda level, _: [level.known.row.channel],
    "owner": lambda level, _: [level.known.row.owner or ""],
    "tag": _tags,
    "stage": lambda level, stages: stages.get(level.known.row.key) or [""],
}
WAYS = tuple(_BY)
_NAMED = ("phase", "contact", "channel")  # their values have names in each language
_ORDER: dict[str, int] = {value: place for place, value in enumerate((*PHASES, *CONTACTS))}


def of(standings: Sequence[Level], by: str, t: Localized, stages: Stages, changes: Mapping[int, Change]) -> list[Group]:
    """The groups in their own order, those without a place last; each with its members in the order given."""
    found: dict[str, list[Level]] = defaultdict(list)
    for level in standings:
        for key in _BY[by](level, stages):
            found[key].append(level)
    keys = sorted(found, key=lambda key: (not key, _ORDER.get(key, 0), key.casefold()))
    return [_group(key, _title(key, by, t), found[key], changes) for key in keys]


def _title(key: str, by: str, t: Localized) -> str:
    if not key:
        return str(t(f"map.without.{by}"))
    return t.begun(t.named(by, key)) if by in _NAMED else key


def _group(key: str, title: str, members: list[Level], changes: Mapping[int, Change]) -> Group:
    fell = sum(change["direction"] == "down" for level in members if (change := changes.get(level.known.id)))
    return Group(key, title, members, levels.pooled(members), fell, sum(level.missed for level in members))


def columns(standings: Sequence[Level], t: Localized, changes: Mapping[int, Change]) -> list[Group]:
    """The journey: its three phases in direct contact, and what others say of us as one band for each phase."""
    found = []
    for contact in CONTACTS:
        members = [level for level in standings if level.known.row.contact == contact]
        found += [(contact, group) for group in of(members, "phase", t, {}, changes)]
    for contact, group in found:
        group.small = "" if contact == "direct" else str(t("map.others"))
    return [group for _, group in found]
