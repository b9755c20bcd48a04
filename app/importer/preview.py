"""The first rows of a file as they would be stored."""

from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.importer.answers import Reader
from app.importer.counted_rows import counted
from app.importer.labels import Scales
from app.importer.look import Looked
from app.importer.mapping import Mapping
from app.importer.ratings import Ratings, read_rescale
from app.importer.row import LeftOut, Row, RowError
from app.importer.rows import open_table
from app.importer.sentence import Sentence
from app.importer.tally import Cause, Tally
from app.ingest.channels import Answer
from app.models import Touchpoint
from app.touchpoints import registry
from app.touchpoints.scales import SCALES

LOOKED_AT = 1000
SHOWN = 5
WIDEST = "points0to10"


@dataclass(slots=True)
class Preview:
    """Some answers with their lines and touchpoints, and what of the first rows cannot be read."""

    answers: list[tuple[int, str, Answer]] = field(default_factory=list)
    looked_at: int = 0
    tally: Tally = field(default_factory=Tally)

    @property
    def causes(self) -> dict[str, Cause]:
        return self.tally.causes

    @property
    def left(self) -> dict[Sentence, int]:
        return self.tally.left


def ratings_of(mapping: Mapping) -> Ratings:
    """How the cells become ratings."""
    return Ratings(mapping.words, read_rescale(mapping.rescale) if mapping.rescale else None)


def preview(path: Path, looked: Looked) -> Preview:
    """The first rows of the file as `looked` understands them."""
    mapping, found = looked.mapping or Mapping(), Preview()
    zone = ZoneInfo(mapping.timezone) if mapping.timezone else None
    reader = Reader(
        mapping.columns, zone, datetime.now(UTC), mapping.undated, ratings=ratings_of(mapping),
        day_first=mapping.day_first, person=lambda _: "hidden",
    )  # fmt: skip
    with open_table(path, looked.layout) as table:
        rows = table.rows(reader.wanted())
        if mapping.columns.counts:
            rows = counted(rows, mapping.columns, len(reader.wanted()))
        for line, row in islice(rows, LOOKED_AT):
            found.looked_at += 1
            _note(found, reader, mapping, looked.scales, line, row)
    return found


def _note(
    found: Preview, reader: Reader, mapping: Mapping, scales: Scales, line: int, row: Row | RowError | LeftOut
) -> None:
    try:
        if not isinstance(row, Row):
            raise row
        key = mapping.columns.key(row.cells[0])
        former = mapping.columns.former_key(row.cells[0])
        scale = mapping.scale or scales.of.get(key) or scales.of.get(former or "")
        named = reader.answer(row, _pretended(key, mapping.scale, scales.own.get(scale or "")))
    except RowError as error:
        found.tally.refuse(line, error.said, ())
    except LeftOut as why:
        found.tally.left[why.said] += 1
    else:
        if len(found.answers) < SHOWN:
            found.answers.append((line, key, named.answer))


def _pretended(key: str, scale: str | None, own: Names[str, Any] | None) -> registry.Known:
    """A touchpoint as it would be made, or is on a scale of the company's own; else on the widest scale."""
    name = scale if scale and scale in SCALES else WIDEST
    made = Touchpoint(id=0, key=key, scale=name, phase="purchase", contact="direct", channel="other")
    made.own_scale = dict(own) if own else None
    return registry.known(made)
