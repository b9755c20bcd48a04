"""Words and short phrases that separate the comments of two groups. Pure statistics, language-independent.

Log-odds ratio with an informative Dirichlet prior: Monroe, Colaresi and Quinn 2008, "Fightin' Words: Lexical Feature
Selection and Evaluation for Identifying the Content of Political Conflict", Political Analysis 16, equations 15, 16,
19, 20 and 22. The prior is what both groups say together, worth PRIOR of it, so that rare words are drawn towards no
difference. A term counts once per comment: somebody who repeats himself is still one customer.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import erfc, log, sqrt
from typing import NamedTuple

from app.scores.formulas import holm

PRIOR = 0.1  # of all terms: of the shares from 0.01 to 1 the one that best tells 20 times and never from chance
LEAST = 3  # comments a term must occur in
ALPHA = 0.05  # of the adjusted p-value: below it a term is listed; at |z| >= 1.96, 2,000 comments list 22 from chance
SAME = 0.8  # a word that occurs this often within one phrase says no more than the phrase
CHARACTERS_MOST = 500  # of a comment; whoever writes more has said it by then
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_GAPLESS = re.compile("([\u3040-\u30ff\u3400-\u9fff]+)")


class Comment(NamedTuple):
    """What somebody wrote, whether with a low rating, and the words that say nothing in its language."""

    text: str
    low: bool
    stopwords: frozenset[str] = frozenset()


class Term(NamedTuple):
    """A word or phrase. `z` above 0 belongs to low ratings; `p` is adjusted for the `corrected_for` terms looked at
    (Holm).

    `comments` are the places of the comments it occurs in, in the order given.
    """

    term: str
    z: float
    log_odds: float
    p: float
    low: int
    high: int
    comments: list[int]
    corrected_for: int = 1


def words(text: str) -> list[str]:
    """The words of a text in small letters: letters of most scripts, with apostrophes inside."""
    plain = unicodedata.normalize("NFC", text[:CHARACTERS_MOST]).replace("’", "'").lower()
    found = _WORD.findall(plain)
    return found if plain.isascii() else [part for word in found for part in _parts(word)]


def _parts(word: str) -> list[str]:
    """Chinese and Japanese have no gaps: every two characters next to each other are a word there."""
    if not _GAPLESS.search(word):
        return [word]
    runs = [run for run in _GAPLESS.split(word) if run]
    return [part for run in runs for part in (map("".join, pairwise(run)) if _GAPLESS.match(run) else [run])]


def of_comment(comment: Comment) -> tuple[set[str], set[str]]:
    """The words and the phrases of two words next to each other, none of which says nothing by itself."""
    said = words(comment.text)
    telling = [len(word) > 1 and word not in comment.stopwords for word in said]
    singles = {word for word, tells in zip(said, telling, strict=True) if tells}
    pairs = {f"{a} {b}" for (a, b), tells in zip(pairwise(said), pairwise(telling), strict=True) if all(tells)}
    pairs = {pair for pair in pairs if not _GAPLESS.search(pair)}  # what three characters hold, two of them say
    return singles, pairs


def separate(comments: Sequence[Comment]) -> list[Term]:
    """The terms that tell low from high ratings, those of low ratings first, the clearest at both ends.

    Only what is below 5 % after adjusting for all terms looked at: with ratings given at random, at most one list in
    twenty holds any.
    """
    places: tuple[dict[str, list[int]], dict[str, list[int]]] = defaultdict(list), defaultdict(list)
    for place, comment in enumerate(comments):
        for found, terms in zip(places, of_comment(comment), strict=True):
            for term in terms:
                found[term].append(place)
    scored = [term for found in places for term in _scored(found, [comment.low for comment in comments])]
    adjusted = holm([term.p for term in scored])
    looked_at = len(scored)
    clear = [term._replace(p=p, corrected_for=looked_at) for term, p in zip(scored, adjusted, strict=True) if p < ALPHA]
    return sorted(_without_parts(clear), key=lambda term: (-term.z, term.term))


def _scored(places: dict[str, list[int]], is_low: Sequence[bool]) -> Iterable[Term]:
    """Every term that occurs often enough, words and phrases each measured among their like."""
    lows = {term: sum(is_low[place] for place in found) for term, found in places.items()}
    n_low, n = sum(lows.values()), sum(map(len, places.values()))
    if len(places) < 2 or n_low in (0, n):
        return  # nothing to tell apart
    for term, found in places.items():
        if len(found) >= LEAST:
            low, high = lows[term], len(found) - lows[term]
            odds, z = log_odds(low, n_low, high, n - n_low)
            yield Term(term, z, odds, erfc(abs(z) / sqrt(2)), low, high, found)


def log_odds(low: int, n_low: int, high: int, n_high: int) -> tuple[float, float]:
    """The log-odds ratio of a term seen `low` times among n_low terms and `high` among n_high, and its z-score."""
    strength = PRIOR * (n_low + n_high)
    a, b = low + PRIOR * (low + high), high + PRIOR * (low + high)
    ratio = log(a / (n_low + strength - a)) - log(b / (n_high + strength - b))
    return ratio, ratio / sqrt(1 / a + 1 / b)


def _without_parts(terms: Sequence[Term]) -> list[Term]:
    """Drops a word that a phrase of the same side says better."""
    phrases = [(term, set(term.comments)) for term in terms if " " in term.term]
    return [
        term
        for term in terms
        if " " in term.term
        or not any(
            term.term in phrase.term.split()
            and (phrase.z > 0) == (term.z > 0)
            and len(within.intersection(term.comments)) >= SAME * len(term.comments)
            for phrase, within in phrases
        )
    ]
