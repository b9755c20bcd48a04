"""What a look finds at a touchpoint, or of a journey. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Seen:
    """A trouble that is there (`there`), or one that is over if there was one.

    `about` tells apart those of one kind that a touchpoint may have several of, such as `device:3`. One of a journey
    has no touchpoint.
    """

    touchpoint_id: int | None
    kind: str
    there: bool
    since: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    journey_id: int | None = None

    @property
    def which(self) -> tuple[int | None, int | None, str, str]:
        return self.touchpoint_id, self.journey_id, self.kind, self.about
