"""What became of the rows of a file. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.importer.sentence import Sentence

ERRORS_SHOWN = 20
LINES_SHOWN = 5
CAUSES_MAX = 200
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|\b\d+\b")


@dataclass(slots=True)
class Cause:
    """Rows refused for one reason: how many, the first lines, and what was said of the first of them."""

    example: Sentence
    rows: int = 0
    lines: list[int] = field(default_factory=list)


class Count(Counter[int | None]):
    """How many answers of one touchpoint have each rating; None is a comment alone."""

    @property
    def mean(self) -> float | None:
        rated = self.total() - self[None]
        return sum(rating * count for rating, count in self.items() if rating is not None) / rated if rated else None


@dataclass(slots=True)
class Tally:
    """What became of the rows. With a dry run `created` are those that could be stored.

    `of_file` counts the answers that could be read, by touchpoint; `keep` is told of each refused row: its line, why,
    and its cells.
    """

    rows: int = 0
    created: int = 0
    same: int = 0
    updated: int = 0
    erased: int = 0
    refused: int = 0
    left: Counter[Sentence] = field(default_factory=Counter)
    errors: list[tuple[int, Sentence]] = field(default_factory=list)
    causes: dict[str, Cause] = field(default_factory=dict)
    new_touchpoints: list[str] = field(default_factory=list)
    names: Sequence[str] = ()
    of_file: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    keep: Callable[[int, str, Sequence[str]], None] | None = None

    @property
    def left_out(self) -> int:
        return self.left.total()

    def refuse(self, line: int, reason: Sentence, content: Sequence[str]) -> None:
        """Count a row that cannot be taken."""
        self.refused += 1
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append((line, reason))
        kind = _VALUES.sub("…", reason)
        if kind not in self.causes and len(self.causes) >= CAUSES_MAX:
            kind = "other reasons"
        cause = self.causes.setdefault(kind, Cause(reason))
        cause.rows += 1
        if len(cause.lines) < LINES_SHOWN:
            cause.lines.append(line)
        if self.keep:
            self.keep(line, reason, content)
