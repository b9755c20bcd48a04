"""Full-text search over comments on both databases. What a person types is words, never a query language."""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, and_, false, text
from sqlmodel import Session

from app.db import is_sqlite
from app.folding import PART_LEAST, words

WORDS_MOST = 20

# The planner goes by a rowid, and CROSS JOIN keeps its order: with the key in its place it would read every answer.
_SQLITE = """feedback.rowid IN (
    SELECT answer.rowid FROM feedback_search
    CROSS JOIN feedback_search_row AS found ON found.n = feedback_search.rowid
    CROSS JOIN feedback AS answer ON answer.touchpoint_id = found.touchpoint_id AND answer.id = found.id
    WHERE feedback_search MATCH :words)"""
# As its index has it. The vector holds no places (making it with them takes ten times as long), so that words which
# belong together are looked for in the text as well.
_POSTGRES = (
    "feedback.words IS NOT NULL AND array_to_tsvector(string_to_array(feedback.words, ' ')) @@ CAST(:words AS tsquery)"
)
_TOGETHER = "' ' || feedback.words || ' ' LIKE :phrase{place}"
_AT = "feedback.touchpoint_id = :at"


class Phrase(NamedTuple):
    """Words that stand together; with `begins` the last one may be a beginning, of a word or of a long word's end."""

    words: list[str]
    begins: bool


def phrases(said: str) -> list[Phrase]:
    """What was typed; what is written together (shop.example, don't, 配送) belongs together.

    The last word may be a beginning, and so may each one that is long enough to be looked for within words.
    """
    found = [folded for part in said.split() if (folded := words(part))][:WORDS_MOST]
    last = len(found) - 1
    return [
        Phrase(folded, place == last or (len(folded) == 1 and len(folded[0]) >= PART_LEAST))
        for place, folded in enumerate(found)
    ]


def fts5(said: str, touchpoint_id: int | None = None) -> str:
    """An FTS5 query for all phrases; empty when there are none."""
    quoted = " AND ".join(f'"{" ".join(phrase.words)}"' + " *" * phrase.begins for phrase in phrases(said))
    place = "" if touchpoint_id is None else f" AND place : t{touchpoint_id}"
    return quoted and f"comment : ({quoted}){place}"


def tsquery(said: str) -> str:
    """The same for PostgreSQL, without the places of the words."""
    return " & ".join(" & ".join(f"'{word}'" for word in found.words) + ":*" * found.begins for found in phrases(said))


def together(said: str) -> Iterator[str]:
    """Patterns (LIKE) of the words that stand together, in a text that begins and ends with a blank."""
    for phrase in phrases(said):
        if len(phrase.words) > 1:
            yield f"% {' '.join(phrase.words)}" + ("%" if phrase.begins else " %")


def condition(session: Session, said: str, touchpoint_id: int | None = None) -> ColumnElement[bool]:
    """The WHERE for answers whose comment holds the words of `said`, at one touchpoint when it is given."""
    sqlite = is_sqlite(session)
    query = fts5(said, touchpoint_id) if sqlite else tsquery(said)
    if not query:
        return false()
    return _where(_SQLITE, words=query) if sqlite else _in_postgres(said, query, touchpoint_id)


def _in_postgres(said: str, query: str, touchpoint_id: int | None) -> ColumnElement[bool]:
    found = [_where(_POSTGRES, words=query)]
    for place, pattern in enumerate(together(said)):
        found.append(_where(_TOGETHER.format(place=place), **{f"phrase{place}": pattern}))
    if touchpoint_id is not None:
        found.append(_where(_AT, at=touchpoint_id))
    return and_(*found)


def _where(condition: str, **values: Any) -> ColumnElement[bool]:
    return cast("ColumnElement[bool]", text(condition).bindparams(**values))
