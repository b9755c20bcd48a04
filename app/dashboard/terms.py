"""The words that set unhappy customers apart, each language by itself: a word of one stands out in no other."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row

from app.answers import terms_routes
from app.answers.terms_routes import Comments
from app.touchpoints.registry import Known

SHOWN = 4  # words of each side
_FOUND = 20


class Language(NamedTuple):
    """What stands out in one language, and among how many words and comments it was looked for."""

    code: str  # empty where nobody said which
    low: int
    high: int
    looked: int
    terms: list[dict[str, Any]]  # of the API, each with one `example`, no two with the same


class Terms(NamedTuple):
    """The languages in which something stands out, those with most comments first; of the others how many there are."""

    languages: list[Language]
    others: list[tuple[str, int]]


def by_language(known: Known, newest: Comments, share: float) -> Terms:
    """What stands out in the newest comments.

    `share` is how much of the 5 % there is for all languages together; each has of it what it has of the comments.
    """
    spoken: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in newest.rows:
        spoken[(row.locale or "").replace("_", "-").partition("-")[0].lower()].append(row)
    most = sorted(spoken.items(), key=lambda pair: -len(pair[1]))
    found = [_language(code, known, rows, share * len(rows) / len(newest.rows)) for code, rows in most]
    telling = [one for one in found if one.terms]
    silent = {one.code for one in found} - {one.code for one in telling}
    return Terms(telling, [(code, len(rows)) for code, rows in most if code in silent])


def _language(code: str, known: Known, rows: Sequence[Row[Any]], share: float) -> Language:
    found = terms_routes.answer(known, Comments(rows, False), _FOUND, share)
    terms = [*_apart(found["low"]), *_apart(found["high"])]
    looked = terms[0]["corrected_for"] if terms else 0
    return Language(code, found["low_comments"], found["high_comments"], looked, terms)


def _apart(terms: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The clearest words, each with a sentence of its own: words that stand in the same sentences say one thing."""
    shown: list[dict[str, Any]] = []
    said: set[str] = set()
    for term in terms:
        sentences = [one["comment"] for one in term["examples"]]
        example = next((one for one in sentences if one not in said), None)
        if example is not None and len(shown) < SHOWN:
            shown.append({**term, "example": example})
            said.update(sentences)
    return shown
