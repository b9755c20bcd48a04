"""What a look finds at a touchpoint. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Seen:
    """A trouble that is there (`there`), or one that is over if there was one.

    `about` tells apart those of one kind that a touchpoint may have several of, such as `device:3`.
    """

    touchpoint_id: int
    kind: str
    there: bool
    since: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""

    @property
    def which(self) -> tuple[int, str, str]:
        return self.touchpoint_id, self.kind, self.about
