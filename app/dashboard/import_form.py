"""What somebody says of a file's columns, as a mapping. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

from app.dashboard.request_context import Posting
from app.importer.answers import UNDATED
from app.importer.mapping import Mapping
from app.importer.row import RowError
from app.importer.slugs import slug

ROLES = ("rating", "comment", "time", "clock", "id", "respondent", "count")
RESCALES = ("10:5", "100:5", "5:5")
DAY, MONTH = ORDERS = ("day", "month")


def words_of(mapping: Mapping, unknown: Sequence[str]) -> list[str]:
    """The words that the form asks of, in its order: those whose rating is open come first."""
    return [*unknown, *(word for word in mapping.words if word not in unknown)]


def said_in(
    posting: Posting, names: Sequence[str], mapping: Mapping, words: Sequence[str]
) -> tuple[Mapping, dict[str, str]]:
    """`mapping` as the form corrects it, and the keys of the texts that say what cannot be used, by field.

    Columns are sent as their places among `names`.
    """
    wrong: dict[str, str] = {}
    columns = mapping.columns
    place = _column(posting.get("touchpoint_column"), names)
    chosen: dict[str, Any] = {role: _column(posting.get(role), names) for role in ROLES}
    context = tuple(found for sent in posting.all("context") if (found := _column(sent, names)))
    key = None if place else _key(posting.get("touchpoint"), wrong)
    wide = () if chosen["rating"] else columns.wide
    columns = replace(columns, touchpoint_column=place, touchpoint=key, context=context, wide=wide, **chosen)
    if posting.get("timezone") not in ("", *available_timezones()):
        wrong["timezone"] = "wrong.timezone"
    ratings = {} if chosen["rating"] != mapping.columns.rating else _ratings(posting, words, wrong)
    order = posting.get("day_first")
    corrected = replace(
        mapping,
        columns=columns,
        words=ratings,
        scale=posting.get("scale") or None,
        rescale=_one_of(posting.get("rescale"), RESCALES),
        day_first=order == DAY if order in ORDERS else None,
        timezone=posting.get("timezone") or None,
        undated=_one_of(posting.get("undated"), UNDATED),
    )
    return corrected, wrong


def _column(sent: str, names: Sequence[str]) -> str | None:
    return names[int(sent)] if sent.isdecimal() and len(sent) < 6 and int(sent) < len(names) else None


def _key(said: str, wrong: dict[str, str]) -> str | None:
    try:
        return slug("", said) if said else None
    except RowError:
        wrong["touchpoint"] = "wrong.import_touchpoint"
        return said


def _ratings(posting: Posting, words: Sequence[str], wrong: dict[str, str]) -> dict[str, int]:
    found = {}
    for place, word in enumerate(words):
        sent = posting.get(f"word.{place}")
        if sent.isdecimal() and len(sent) < 3:
            found[word] = int(sent)
        elif sent:
            wrong[f"word.{place}"] = "wrong.import_word"
    return found


def _one_of(sent: str, known: Sequence[str]) -> str | None:
    return sent if sent in known else None
