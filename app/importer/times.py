"""When an answer was given, as files of many makers write it. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache

from babel.dates import get_month_names

from app.importer.row import RowError
from app.importer.sentence import Sentence

DAY, MONTH, OPEN = "day", "month", "open"  # what a date with both parts below 13 begins with: open
FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)
PLACEHOLDERS = ("1970-01-01", "1980-01-01")  # of clocks and spreadsheets that know no date
NO_TIME = "is not a time (such as 2026-01-31T12:00:00Z, 31.01.2026 12:00 or 1769860800)"
CENTURY = 70  # a two-digit year from here on is of the last century
_EPOCH = re.compile(r"\d{9,10}(\.\d+)?|\d{12,13}")
_DATE = r"(?:(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{1,2})([-/.]) ?(\d{1,2})\6 ?(\d{4}|\d{2}))"
_CLOCK = r"(?:[T,\s]+(\d{1,2})(?:[:.h](\d{2}))?(?:[:.](\d{2}))?(?:[.,](\d{1,9}))?\s*([ap])?\.?(?(13)m\.?))?"
_ZONE = r"\s*(?:\(?(Z|UTC|GMT|[A-Z]{3,4})?\)?\s*([+-]\d{1,2}(?::?\d{2})?)?)\s*(?:\([^)]*\))?"
_MOMENT = re.compile(_DATE + _CLOCK + _ZONE, re.IGNORECASE)
_NAMED = re.compile(
    r"(?:(\d{1,2})(?:\.|st|nd|rd|th)?(?: of)?[ -]+)?"
    r"([^\W\d_]{3,})\.?[ -]+(?:(\d{1,2})(?:\.|st|nd|rd|th)?,?[ -]+)?(\d{4})"
)
_HOURS = {"UTC": 0, "GMT": 0, "Z": 0, "BST": 1, "CET": 1, "CEST": 2, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5,
          "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}  # fmt: skip


def moment(text: str, zone: tzinfo, day_first: bool | None = None) -> datetime | None:
    """A time: ISO 8601, seconds or milliseconds since 1970, or a date as people write it, in `zone` if it names none.

    None for nothing and for a placeholder. A date such as 01/02/2026 is a RowError unless `day_first` says which of the
    two is the day; with dots the day comes first.
    """
    if not text:
        return None
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(float(text) / (1000 if len(text) > 11 and "." not in text else 1), UTC)
    at = _calendar(text, day_first)
    if at.tzinfo is None:
        if at.hour == at.minute == 0 and text[:10] in PLACEHOLDERS:
            return None
        at = at.replace(tzinfo=zone)
    if at.year < 1970 or at < FIRST_DAY:
        raise _not("row.before_1970", "lies before 1970", text)
    return at


def order_of(text: str) -> str | None:
    """DAY, MONTH or OPEN for a date whose order must be known; None for any other."""
    if text[4:5] in ("-", "/", ".") and text[:4].isdecimal():
        return None  # the year comes first, as in nearly every file
    found = _MOMENT.match(text)
    if found is None or found[5] is None or found[6] == ".":
        return None
    first, second = int(found[5]), int(found[7])
    return DAY if first > 12 else MONTH if second > 12 else OPEN


def day_first(orders: Iterable[str | None]) -> bool | Sentence | None:
    """Whether the dates of a column begin with the day: True, False, None when no date needs it, else why not known."""
    said = set(orders) - {None}
    if {DAY, MONTH} <= said:
        return Sentence("order.both", "some dates begin with the day and some with the month")
    if said == {OPEN}:
        return Sentence("order.open", "the day and the month cannot be told apart, no day is above 12")
    return DAY in said if said else None


def _not(code: str, why: str, text: str, **values: str) -> RowError:
    return RowError(Sentence(code, "time: {text!r} " + why, text=text[:40], **values))


def is_time(text: str) -> bool:
    """Whether a cell is a time, in whatever order; bare numbers only in the range of the last thirty years."""
    if text.isdecimal():
        return len(text) in (10, 13) and text[0] in "1"
    try:
        moment(text, UTC, order_of(text) != MONTH)
    except RowError:
        return False
    return bool(text)


def joined(date: str, clock: str) -> str:
    """One text of a date and a time of the day that stand in two columns."""
    return f"{date.split('T')[0].removesuffix(' 00:00:00')} {clock}" if clock else date


def _calendar(text: str, day_is_first: bool | None) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    found = _MOMENT.fullmatch(text) or _MOMENT.fullmatch(_with_number(text))
    if found is None:
        raise _not("row.no_time", NO_TIME, text)
    try:
        return datetime(*_date(found, text, day_is_first), *_clock(found), tzinfo=_zone(found, text))
    except ValueError:
        raise _not("row.no_time", NO_TIME, text) from None


def _date(found: re.Match[str], text: str, day_is_first: bool | None) -> tuple[int, int, int]:
    if found[1]:
        return int(found[1]), int(found[3]), int(found[4])
    year = int(found[8])
    if len(found[8]) == 2:
        year += 1900 if year >= CENTURY else 2000
    first, second = int(found[5]), int(found[7])
    if found[6] == ".":
        return year, second, first
    if day_is_first is None:
        raise _not("row.two_ways", "can be read in two ways (say --day-first or --month-first)", text)
    return (year, second, first) if day_is_first else (year, first, second)


def _clock(found: re.Match[str]) -> tuple[int, int, int, int]:
    hour, half = int(found[9] or 0), (found[13] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour, int(found[10] or 0), int(found[11] or 0), int((found[12] or "0").ljust(6, "0")[:6])


def _zone(found: re.Match[str], text: str) -> tzinfo | None:
    name, offset = (found[14] or "").upper(), found[15]
    if name and name not in _HOURS:
        raise _not("row.zone", "is in a time zone that is not known ({zone})", text, zone=name)
    if not name and not offset:
        return None
    return _offset(name, offset or "")


@cache
def _offset(name: str, offset: str) -> timezone:
    digits = offset[1:].replace(":", "")
    hours, minutes = (int(digits[:2]), int(digits[2:] or 0)) if digits else (0, 0)
    shift = timedelta(hours=hours, minutes=minutes) * (-1 if offset[:1] == "-" else 1)
    return timezone(timedelta(hours=_HOURS[name or "UTC"]) + shift)


def _with_number(text: str) -> str:
    """A date with the month's name, in one of four languages, as 2026-05-01; any other text as it is."""
    for found in _NAMED.finditer(text):
        month = _months().get(found[2].casefold())
        day = found[1] or found[3]
        if month and day:
            return f"{found[4]}-{month}-{day}{text[found.end() :]}"
    return text


@cache
def _months() -> dict[str, int]:
    names: dict[str, int] = {"mrz": 3, "maerz": 3, "sept": 9}
    for language in ("en", "de", "da", "pl"):
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, language).items():
                    names.setdefault(name.rstrip(".").casefold(), number)
    return names
