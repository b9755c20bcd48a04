"""What a row says, as an Answer. The rules for it are those of every other way in. Pure."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha1
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pydantic

from app.errors import Problem, invalid
from app.importer.rows import Row, RowError
from app.ingest.channels import IMPORT, Answer
from app.ingest.routes import to_answer
from app.ingest.schemas import AnswerIn
from app.touchpoints.registry import Known

NAMESPACE = UUID("5b0c6d0e-6b1f-5d5e-9a3e-6f1d0c1f7a51").bytes  # changing it would double every import
FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d")
FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = re.compile(r"([+-]?\d{1,9})(?:[.,]0*)?")
_EPOCH = re.compile(r"\d{9,10}(\.\d+)?|\d{12,13}")
_UNVERSIONED = ~(0xF << 76 | 0b11 << 62)
_VERSION_5 = 0x5 << 76 | 0b10 << 62
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "ł": "l", "đ": "d", "þ": "th"})


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

    def wanted(self) -> tuple[str | None, ...]:
        """The columns in the order in which `Reader` takes the cells."""
        return self.touchpoint_column, self.rating, self.comment, self.time, self.id, self.respondent

    def key(self, cell: str) -> str:
        """The key of the touchpoint that the cell of `touchpoint_column` names; RowError when it names none."""
        return self.touchpoint if self.touchpoint is not None else slug(self.touchpoint_prefix, cell.strip())


@dataclass(slots=True)
class Reader:
    """Makes answers of rows. It counts equal rows: about 100 bytes for each different row of a file without ids."""

    columns: Columns
    zone: ZoneInfo | None
    received: datetime
    _seen: dict[int, int] = field(default_factory=dict)

    def answer(self, row: Row, known: Known) -> Answer:
        """The row as an answer at `known`; RowError when it cannot be taken."""
        _, rating, comment, time, number, respondent = row.cells
        said: dict[str, Any] = {"rating": whole(rating)}
        if comment:
            said["comment"] = comment
        if time:
            said["occurred_at"] = moment(time.strip(), self.zone or known.zone)
        if respondent:
            said["respondent"] = respondent.strip()
        try:
            answer = AnswerIn.model_validate(said) if len(said) > 1 else _bare(said["rating"])
            return to_answer(known, answer, IMPORT, self._id(row, known, number), self.received)
        except pydantic.ValidationError as error:
            raise RowError(_reason(invalid(error, ""))) from None
        except Problem as problem:
            raise RowError(_reason(problem)) from None

    def _id(self, row: Row, known: Known, said: str) -> UUID:
        """The row's own id, or one that the same row gets again: of its touchpoint and id, or of its content and its
        number among equal rows, so that equal rows are kept apart and importing a file again adds nothing."""
        if self.columns.id is None:
            content = "\x1f".join((known.key, *row.content))
            first = uuid5(content)
            before = self._seen.get(first.int, 0)
            self._seen[first.int] = before + 1
            return uuid5(f"{content}\x1e{before}") if before else first
        text = said.strip()
        if not text:
            raise RowError(f"has no {self.columns.id}")
        try:
            return UUID(text)
        except ValueError:
            return uuid5(f"{known.key}\x1f{text}")


@lru_cache
def _bare(rating: int | None) -> AnswerIn:
    """A rating alone: most rows of most files, and there are few of them."""
    return AnswerIn(rating=rating)


def _reason(problem: Problem) -> str:
    """A problem in one line for a row."""
    where = problem.errors[0]
    field_name = where.place.removeprefix("body.")
    return f"{field_name}: {where.message}" + (f" ({where.mend})" if where.mend else "")


def uuid5(name: str) -> UUID:
    """The UUID version 5 (RFC 9562) of `name`; like uuid.uuid5, but takes text that is not valid Unicode too."""
    digest = sha1(NAMESPACE + name.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return UUID(int=int.from_bytes(digest[:16], "big") & _UNVERSIONED | _VERSION_5)


@lru_cache(4096)
def slug(prefix: str, value: str) -> str:
    """`value` as a key: "Kasse 2 (København)" becomes `kasse-2-koebenhavn`; RowError when nothing is left."""
    plain = unicodedata.normalize("NFKD", value.casefold().translate(_LETTERS)).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")
    if not key:
        raise RowError(f"{value!r} names no touchpoint")
    return f"{prefix}{key}"[:64]


@lru_cache(4096)
def whole(cell: str) -> int | None:
    """A rating: "5", "5.0" and "5,0" are 5, "" is none; RowError for what is not a whole number."""
    text = cell.strip()
    if not text:
        return None
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise RowError(f"rating: {text[:40]!r} is not a whole number")
    return int(found[1])


def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A time: ISO 8601, seconds or milliseconds since 1970, or one of FORMATS, in `zone` when it names none.

    Dates with slashes that begin with a day or a month are refused: nobody can tell 01/02 from 02/01.
    """
    if not text:
        return None
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(float(text) / (1000 if len(text) > 11 and "." not in text else 1), UTC)
    at = _calendar(text)
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    if at.year < 1970 or at < FIRST_DAY:
        raise RowError(f"time: {text[:40]!r} lies before 1970")
    return at


def _calendar(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for shape in FORMATS:
        try:
            return datetime.strptime(text, shape)
        except ValueError:
            continue
    raise RowError(f"time: {text[:40]!r} is not a time (such as 2026-01-31T12:00:00Z, 31.01.2026 12:00 or 1769860800)")
