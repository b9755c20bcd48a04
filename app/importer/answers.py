"""What a row says, as an Answer. The rules for it are those of every other way in. Pure."""

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha1
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pydantic

from app.errors import Problem, invalid
from app.importer.rows import LeftOut, Row, RowError
from app.ingest.channels import IMPORT, Answer
from app.ingest.routes import to_answer
from app.ingest.schemas import AnswerIn
from app.touchpoints.registry import Known

NAMESPACE = UUID("5b0c6d0e-6b1f-5d5e-9a3e-6f1d0c1f7a51").bytes  # changing it would double every import
FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d")
SKIP, IMPORT_DAY = UNDATED = ("skip", "import-day")
UNNUMBERED = UUID(int=0)  # until the answer is known
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

    def key(self, cell: str) -> str:
        """The key of the touchpoint that the cell of `touchpoint_column` names; RowError when it names none."""
        return self.touchpoint if self.touchpoint is not None else slug(self.touchpoint_prefix, cell.strip())


class Numbered(NamedTuple):
    """An answer, and the id that versions before this one would have given it, where it may be stored under that."""

    answer: Answer
    former: UUID | None = None


@dataclass(slots=True)
class Reader:
    """Makes answers of rows. It counts equal ones: about 100 bytes for each different one of a file without ids.

    `undated` is what becomes of an empty time: an error (None), left out (`skip`), or dated now (`import-day`).
    `imported` are the touchpoints that have imported answers already.
    """

    columns: Columns
    zone: ZoneInfo | None
    received: datetime
    undated: str | None = None
    imported: Container[int] = ()
    _seen: dict[int, int] = field(default_factory=dict)
    _rows_seen: dict[int, int] = field(default_factory=dict)

    def wanted(self) -> tuple[str | None, ...]:
        """The columns in the order in which `answer` takes the cells; the first names the touchpoint."""
        of = self.columns
        return of.touchpoint_column, of.rating, of.comment, of.time, of.id, of.respondent

    def answer(self, row: Row, known: Known) -> Numbered:
        """The row as an answer at `known`; RowError when it cannot be taken, LeftOut when it is not wanted."""
        _, rating, comment, time, number, respondent = row.cells
        said: dict[str, Any] = {"rating": whole(rating)}
        if comment:
            said["comment"] = comment
        if self.columns.time is not None and (at := self._time(time.strip(), known)):
            said["occurred_at"] = at
        if respondent:
            said["respondent"] = respondent.strip()
        given = self._given(known, number.strip())
        try:
            told = AnswerIn.model_validate(said) if len(said) > 1 else _bare(said["rating"])
            answer = to_answer(known, told, IMPORT, given or UNNUMBERED, self.received)
        except (pydantic.ValidationError, Problem) as error:
            raise refused(error) from None
        if given:
            return Numbered(answer)
        answer.id = _counted(self._seen, content(known.key, answer))
        former = known.id in self.imported
        return Numbered(answer, _counted(self._rows_seen, "\x1f".join((known.key, *row.content))) if former else None)

    def _time(self, text: str, known: Known) -> datetime | None:
        if not text and self.undated is None:
            raise RowError(
                f"has no {self.columns.time} (--undated skip leaves it out, --undated import-day dates it now)"
            )
        if not text and self.undated == SKIP:
            raise LeftOut
        return moment(text, self.zone or known.zone)

    def _given(self, known: Known, text: str) -> UUID | None:
        """The row's own id, or the one that it always gets; None without a column of ids."""
        if self.columns.id is None:
            return None
        if not text:
            raise RowError(f"has no {self.columns.id}")
        try:
            return UUID(text)
        except ValueError:
            return uuid5(f"{known.key}\x1f{text}")


def content(touchpoint: str, answer: Answer) -> str:
    """What an answer is, wherever else its row may say: importing it again adds nothing."""
    at = answer.claimed_at.astimezone(UTC).isoformat() if answer.claimed_at else ""
    return f"{touchpoint}\x1f{at}\x1f{answer.rating}\x1f{' '.join(answer.comment.split()) if answer.comment else ''}"


def _counted(seen: dict[int, int], name: str) -> UUID:
    """The id of `name`, another one each time it comes again: equal answers are kept apart."""
    first = uuid5(name)
    before = seen.get(first.int, 0)
    seen[first.int] = before + 1
    return uuid5(f"{name}\x1e{before}") if before else first


@lru_cache
def _bare(rating: int | None) -> AnswerIn:
    """A rating alone: most rows of most files, and there are few of them."""
    return AnswerIn(rating=rating)


def refused(error: pydantic.ValidationError | Problem) -> RowError:
    """What is wrong with an answer, in one line for its row."""
    where = (error if isinstance(error, Problem) else invalid(error, "")).errors[0]
    field_name = where.place.removeprefix("body.")
    return RowError(f"{field_name}: {where.message}" + (f" ({where.mend})" if where.mend else ""))


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
