"""An export of ours comes back whole: ids, sources, times and flags as they were. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import pydantic

from app.answers.cells import COLUMNS
from app.errors import Problem
from app.importer.answers import refused
from app.importer.numbering import Named
from app.importer.ratings import whole
from app.importer.row import Row, RowError
from app.importer.sentence import Sentence
from app.ingest import guard
from app.ingest.channels import IMPORT, Answer
from app.ingest.schemas import AnswerIn, DeviceTime
from app.timestamps import Time
from app.touchpoints.registry import Known

CELLS = ("touchpoint", *(name for name in COLUMNS if name != "touchpoint"))


class Exported(AnswerIn):
    """A row of an export. What the touchpoint offers today is not asked: it offered that then."""

    id: UUID
    source: Literal["web", "email", "kiosk", "page", "api", "import"]
    flags: list[Literal["spam", "misuse", "burst", "test", "duplicate", "unconfirmed"]]
    occurred_at: Time
    received_at: Time
    claimed_at: DeviceTime | None = None


@dataclass(frozen=True, slots=True)
class Restorer:
    """Makes answers of the rows of an export."""

    names: frozenset[str]  # the columns of the file
    now: datetime

    def wanted(self) -> list[str | None]:
        """The columns in the order in which `answer` takes the cells; the first is the touchpoint's key."""
        return [name if name in self.names else None for name in CELLS]

    def answer(self, row: Row, known: Known) -> Named:
        """The row as the answer it was; RowError when it cannot be taken."""
        said = _said(row)
        try:
            told = Exported.model_validate(said)
            guard.rating_fits(told.rating, known.scale.low, known.scale.high)
            guard.occurred(max(told.occurred_at, told.received_at), self.now, IMPORT)
        except (pydantic.ValidationError, Problem) as error:
            raise refused(error, known) from None
        return Named(
            Answer(
                known.id,
                told.id,
                told.rating,
                told.comment,
                " ".join(sorted(set(told.reasons or ()))),
                told.source,
                " ".join(sorted(set(told.flags))),
                told.locale,
                told.respondent,
                told.context,
                told.occurred_at,
                told.received_at,
                told.claimed_at,
                zone=known.zone,
                onto=as_stored,
                scale=known.scale.name,
            )
        )


def as_stored(stored: Answer, _: Answer) -> Answer:
    """What is there already stays as it is: it may have been flagged or changed since the export."""
    return stored


def scale(row: Row) -> str | None:
    """The scale that the row's touchpoint had."""
    return row.cells[CELLS.index("scale")] or None


def _said(row: Row) -> dict[str, Any]:
    cells = {name: cell for name, cell in zip(CELLS, row.cells, strict=True) if cell}
    said: dict[str, Any] = {name: cells[name] for name in cells if name not in ("touchpoint", "scale")}
    said["rating"] = whole(cells.get("rating", ""))
    said["reasons"], said["flags"] = cells.get("reasons", "").split(), cells.get("flags", "").split()
    try:
        said["context"] = json.loads(cells.get("context", "null"))
    except ValueError:
        raise RowError(Sentence("row.context", "context: is not JSON")) from None
    return said
