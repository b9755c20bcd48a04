"""Full-text search over comments on both databases. What a person types is words, never a query language."""

import re
import unicodedata
from typing import cast

from sqlalchemy import ColumnElement, false, text
from sqlmodel import Session

from app.db import is_sqlite

WORDS_MOST = 20
_MARKS = re.compile("[\u0300-\u036f]+")
_WORD = re.compile(r"[^\W_]+")

# The planner goes by a rowid, and CROSS JOIN keeps its order: with the key in its place it would read every answer.
_SQLITE = """feedback.rowid IN (
    SELECT answer.rowid FROM feedback_search
    CROSS JOIN feedback_search_row AS found ON found.n = feedback_search.rowid
    CROSS JOIN feedback AS answer ON answer.touchpoint_id = found.touchpoint_id AND answer.id = found.id
    WHERE feedback_search MATCH :words)"""
_POSTGRES = "comment IS NOT NULL AND feedback_search_vector(comment) @@ to_tsquery('simple', :words)"
_POSTGRES_AT = _POSTGRES + " AND feedback.touchpoint_id = :at"


def phrases(said: str) -> list[list[str]]:
    """What was typed as words without accents; what is written together (shop.example, don't) belongs together."""
    plain = _MARKS.sub("", unicodedata.normalize("NFD", said))
    found = [words for part in plain.split() if (words := _WORD.findall(part))]
    return found[:WORDS_MOST]


def fts5(said: str, touchpoint_id: int | None = None) -> str:
    """An FTS5 query for all words, the last one as the beginning of a word; empty when there are none."""
    quoted = " AND ".join(f'"{" ".join(words)}"' for words in phrases(said))
    place = "" if touchpoint_id is None else f" AND place : t{touchpoint_id}"
    return quoted and f"comment : ({quoted} *){place}"


def tsquery(said: str) -> str:
    """The same for PostgreSQL's to_tsquery."""
    quoted = " & ".join(f"({' <-> '.join(words)})" for words in phrases(said))
    return quoted and f"{quoted.removesuffix(')')}:*)"


def condition(session: Session, said: str, touchpoint_id: int | None = None) -> ColumnElement[bool]:
    """The WHERE for answers whose comment holds the words of `said`, at one touchpoint when it is given."""
    sqlite = is_sqlite(session)
    words = fts5(said, touchpoint_id) if sqlite else tsquery(said)
    if not words:
        return false()
    if sqlite or touchpoint_id is None:
        found = text(_SQLITE if sqlite else _POSTGRES).bindparams(words=words)
    else:
        found = text(_POSTGRES_AT).bindparams(words=words, at=touchpoint_id)
    return cast("ColumnElement[bool]", found)
