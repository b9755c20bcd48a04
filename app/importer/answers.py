"""What a row says, as an Answer. The rules for it are those of every other way in. Pure."""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pydantic

from app.errors import Code, Problem, invalid
from app.importer.labels import labels_of
from app.importer.numbering import UNNUMBERED, Named, uuid5
from app.importer.rating_words import folded
from app.importer.ratings import Ratings
from app.importer.row import LeftOut, Row, RowError
from app.importer.sentence import Sentence
from app.importer.slugs import former_slug, slug
from app.importer.times import joined, moment
from app.ingest.channels import IMPORT, Answer
from app.ingest.routes import to_answer
from app.ingest.schemas import CONTEXT_MAX, NAME_MAX, TEXT_MAX, AnswerIn, context_size
from app.touchpoints.registry import Known

SKIP, IMPORT_DAY = UNDATED = ("skip", "import-day")
SILENT = Sentence("left.silent", "say nothing")
_OF_FIELD = {"comment": "row.comment", "respondent": "row.respondent"}
_CODES = {Code.RATING_OUT_OF_SCALE: "row.scale", Code.OCCURRED_IN_FUTURE: "row.future"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column says what; None where none does. `touchpoint` is the touchpoint of all rows, when there is one."""

    touchpoint: str | None = None
    touchpoint_column: str | None = None
    touchpoint_prefix: str = ""
    rating: str | None = None
    comment: str | None = None
    time: str | None = None
    id: str | None = None
    respondent: str | None = None
    clock: str | None = None
    count: str | None = None
    wide: tuple[str, ...] = ()  # columns named as ratings, which hold how many gave each
    context: tuple[str, ...] = ()
    unwanted: tuple[str, tuple[str, ...]] | None = None  # a column, and what stands there in rows that are left out

    @property
    def counts(self) -> bool:
        """Whether a row stands for several answers."""
        return self.count is not None or bool(self.wide)

    def key(self, cell: str) -> str:
        """The key of the touchpoint that the cell of `touchpoint_column` names; RowError when it names none."""
        return self.touchpoint if self.touchpoint is not None else slug(self.touchpoint_prefix, cell.strip())

    def former_key(self, cell: str) -> str | None:
        """The key that versions before this one made of the cell."""
        return None if self.touchpoint is not None else former_slug(self.touchpoint_prefix, cell.strip())


@dataclass(slots=True)
class Reader:
    """Makes answers of rows.

    `undated` is what becomes of an empty time: an error (None), left out (`skip`), or dated now (`import-day`).
    `imported` are the touchpoints that have imported answers already; `person` makes an opaque reference of a cell.
    """

    columns: Columns
    zone: ZoneInfo | None
    received: datetime
    undated: str | None = None
    imported: Container[int] = ()
    ratings: Ratings = field(default_factory=Ratings)
    day_first: bool | None = None
    person: Callable[[str], str] = str
    _ratings: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    _labels: dict[str, dict[str, int]] = field(default_factory=dict)

    def wanted(self) -> tuple[str | None, ...]:
        """The columns in the order in which `answer` takes the cells; the first names the touchpoint."""
        of = self.columns
        around = of.unwanted[0] if of.unwanted else None
        return (of.touchpoint_column, of.rating, of.comment, of.time, of.id, of.respondent, of.clock, of.count, around,
                *of.context, *of.wide)  # fmt: skip

    def answer(self, row: Row, known: Known) -> Named:
        """The row as an answer at `known`; RowError when it cannot be taken, LeftOut when it is not wanted."""
        _, rating, comment, time, number, respondent, clock, _, around, *context = row.cells
        if around and self.columns.unwanted and around in self.columns.unwanted[1]:
            text, column = "say {text} in {column}", self.columns.unwanted[0]
            raise LeftOut(Sentence("left.unwanted", text, text=around, column=column))
        said: dict[str, Any] = {"rating": self._rating(rating, known)}
        if comment:
            said["comment"] = comment
        if said["rating"] is None and not comment.strip():
            raise LeftOut(SILENT)
        if self.columns.time is not None and (at := self._time(joined(time.strip(), clock.strip()), known)):
            said["occurred_at"] = at
        if respondent:
            said["respondent"] = self.person(respondent.strip())
        if context and (around_it := _context(self.columns.context, context)):
            said["context"] = around_it
        given, name = self._given(known, number.strip())
        try:
            told = AnswerIn.model_validate(said) if len(said) > 1 else _bare(said["rating"])
            answer = to_answer(known, told, IMPORT, given or UNNUMBERED, self.received)
        except (pydantic.ValidationError, Problem) as error:
            raise refused(error, known) from None
        if given or name:
            return Named(answer, name)
        former = "\x1f".join((known.key, *row.content)) if known.id in self.imported else None
        return Named(answer, content(known.key, answer), former)

    def _rating(self, cell: str, known: Known) -> int | None:
        if (label := self._label(cell, known)) is not None:
            return label
        rating, of = self._ratings.get(cell) or self._read(cell)
        if of is not None and of != known.scale.high:
            text, shown = "rating: {text!r} is not of {high} (--rescale {of}:{high})", cell.strip()[:40]
            raise RowError(Sentence("row.not_of", text, text=shown, of=of, high=known.scale.high))
        return rating

    def _label(self, cell: str, known: Known) -> int | None:
        """The rating that the touchpoint's own scale calls so; what the options say of a word comes first."""
        labels = self._labels.get(known.key)
        if labels is None:
            labels = self._labels[known.key] = labels_of(known.scale)
        return labels.get(word) if labels and (word := folded(cell)) not in self.ratings.words else None

    def _read(self, cell: str) -> tuple[int | None, int | None]:
        found = self.ratings.read(cell)
        if len(self._ratings) < 4096:
            self._ratings[cell] = found
        return found

    def _time(self, text: str, known: Known) -> datetime | None:
        at = moment(text, self.zone or known.zone, self.day_first)
        if at is None and self.undated is None:
            text = "has no {column} (--undated skip leaves it out, --undated import-day dates it now)"
            raise RowError(Sentence("row.undated", text, column=self.columns.time))
        if at is None and self.undated == SKIP:
            raise LeftOut(Sentence("left.undated", "have no time"))
        return at

    def _given(self, known: Known, text: str) -> tuple[UUID | None, str | None]:
        """The row's own id or the one that it always gets, or the name that its many answers have in common."""
        if self.columns.id is None:
            return None, None
        if not text:
            raise RowError(Sentence("row.no_id", "has no {column}", column=self.columns.id))
        if self.columns.counts:
            return None, f"{known.key}\x1f{text}"
        try:
            return UUID(text), None
        except ValueError:
            return uuid5(f"{known.key}\x1f{text}"), None


def content(touchpoint: str, answer: Answer) -> str:
    """What an answer is, wherever else its row may say: importing it again adds nothing."""
    at = answer.claimed_at.astimezone(UTC).isoformat() if answer.claimed_at else ""
    return f"{touchpoint}\x1f{at}\x1f{answer.rating}\x1f{' '.join(answer.comment.split()) if answer.comment else ''}"


@lru_cache
def _bare(rating: int | None) -> AnswerIn:
    """A rating alone: most rows of most files, and there are few of them."""
    return AnswerIn(rating=rating)


def refused(error: pydantic.ValidationError | Problem, known: Known) -> RowError:
    """What is wrong with an answer at `known`, in one line for its row."""
    problem = error if isinstance(error, Problem) else invalid(error, "")
    where = problem.errors[0]
    field_name, mend = where.place.removeprefix("body."), f" ({where.mend})" if where.mend else ""
    code = _CODES.get(problem.code) or _OF_FIELD.get(field_name, "row.field")
    scale = {"low": known.scale.low, "high": known.scale.high}
    return RowError(Sentence(code, "{field}: {what}", field=field_name, what=where.message + mend, **scale))


def _context(names: tuple[str, ...], cells: list[str]) -> dict[str, Any]:
    """What stands around an answer, cut to what is stored of it: no answer is lost for its side notes."""
    found: dict[str, Any] = {
        name[:NAME_MAX]: cell.strip()[:TEXT_MAX] for name, cell in zip(names, cells, strict=True) if cell.strip()
    }
    for most in (200, 80, 30, 8):
        if context_size(found) <= CONTEXT_MAX:
            break
        found = {name: text[:most] for name, text in found.items()}
    return found
