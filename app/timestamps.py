"""Times as callers give them: ISO 8601 with an offset, in years where every calendar and database can follow."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

YEARS = range(1970, 2200)


def written_out(value: object) -> object:
    """pydantic also takes a bare number, as seconds or milliseconds by its size: nobody can mean that safely."""
    if isinstance(value, int | float) or (isinstance(value, str) and _is_number(value)):
        raise ValueError("is a bare number; write a date or a time such as 2026-01-31T12:00:00Z")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _within(value: date | datetime) -> date | datetime:
    if value.year not in YEARS:
        raise ValueError(f"lies outside of the years {YEARS.start} to {YEARS.stop - 1}; check the year")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(written_out), AfterValidator(_within)]
Day = Annotated[date, BeforeValidator(written_out), AfterValidator(_within)]
# A time, or a whole day: as the end of a period it is that day's end.
Moment = Annotated[AwareDatetime | date, BeforeValidator(written_out), AfterValidator(_within)]
