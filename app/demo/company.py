"""Lindhøj, a pretend Danish shop for lamps and furniture: its touchpoints, and how well each of them does. Pure."""

import json
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from app.journeys.schemas import JourneyIn
from app.scores.segment_schemas import SegmentKeyPatch
from app.touchpoints.schemas import Target, TouchpointIn

ZONE = ZoneInfo("Europe/Copenhagen")
DAYS = 200  # of history


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened `days_ago`, and within `over` days the touchpoint came to another level."""

    days_ago: int
    over: int
    level: float
    topic: str
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Part:
    """A store or a region: its share of the answers, how far off its level is, how much of a change it saw (1: all)."""

    share: float
    level: float = 0.0
    changed: float = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """A touchpoint of the company. `level` is about its index over 100; `topic` is what its comments are about.

    `parts` of it are told apart by the segment key `segment`.
    """

    kind: str
    owner: str
    tags: list[str]
    importance: int
    per_day: float
    level: float
    topic: str
    sources: dict[str, float]
    target: dict[str, Any] | None = None
    change: Change | None = None
    segment: str | None = None
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.kind.replace("_", "-")

    def changed(self, days_ago: int) -> float:
        """How much of the change has come about: from 0 to 1."""
        if self.change is None or days_ago > self.change.days_ago:
            return 0.0
        return min(1.0, (self.change.days_ago - days_ago) / self.change.over)

    def body(self, origins: list[str], by: date) -> TouchpointIn:
        """How it is registered. Only the shop's own pages may post from a browser."""
        target = Target(**self.target, by=by) if self.target else None
        return TouchpointIn(
            kind=self.kind,
            owner=self.owner,
            tags=self.tags,
            importance=self.importance,
            target=target,
            timezone=ZONE.key,
            origins=origins if "web" in self.sources else [],
            segments=[self.segment] if self.segment else [],
            public=self.kind in ("online_shop", "physical_store", "product_use"),
        )


_data: dict[str, Any] = json.loads(files(__package__).joinpath("company.json").read_bytes())


def _place(said: dict[str, Any]) -> Place:
    change = said.get("change")
    parts = {name: Part(**part) for name, part in said.get("parts", {}).items()}
    return Place(**said | {"change": Change(**change) if change else None, "parts": parts})


PLACES = tuple(_place(said) for said in _data["touchpoints"])
TABLETS: tuple[dict[str, Any], ...] = tuple(_data["tablets"])
SEGMENTS = {key: SegmentKeyPatch(**said) for key, said in _data["segments"].items()}
JOURNEYS = tuple(JourneyIn(**said) for said in _data["journeys"])
