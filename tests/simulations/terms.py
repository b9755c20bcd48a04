"""Words listed as telling unhappy from happy customers, where ratings have nothing to do with what is said."""

from collections import Counter

import numpy as np

from app.answers.terms import LEAST, Comment, log_odds, separate, words
from tests.simulations.claims import Rates

VOCABULARY = [a + b + c for a in "bdfgk" for b in "aeiou" for c in ("lan", "mer", "nis", "rop", "sut", "tal")]
LOW = 0.3
_SHARES = 1 / np.arange(1, len(VOCABULARY) + 1) ** 0.7


def at_random(rng: np.random.Generator, comments: int) -> list[Comment]:
    """What is said has nothing to do with the rating."""
    low = rng.random(comments) < LOW
    return [Comment(" ".join(rng.choice(VOCABULARY, 6, p=_SHARES / _SHARES.sum())), bool(is_low)) for is_low in low]


def listed(comments: int, trials: int, seed: int = 41) -> Rates:
    """Lists with any term; plainly: with any word at |z| >= 1.96. Found: a word in 25 % of low, 5 % of others."""
    rng = np.random.default_rng(seed)
    wrong, plain, found = [], [], []
    for _ in range(trials):
        low = rng.random(comments) < LOW
        texts = [" ".join(rng.choice(VOCABULARY, 6, p=_SHARES / _SHARES.sum())) for _ in range(comments)]
        wrong.append(bool(separate([Comment(text, bool(is_low)) for text, is_low in zip(texts, low, strict=True)])))
        plain.append(_any_by_z(texts, low))
        said = rng.random(comments) < np.where(low, 0.25, 0.05)
        planted = [
            Comment(f"{text} broken" if more else text, bool(is_low))
            for text, more, is_low in zip(texts, said, low, strict=True)
        ]
        found.append(any(term.term == "broken" and term.z > 0 for term in separate(planted)))
    return Rates(*(100 * float(np.mean(part)) for part in (wrong, plain, found)))


def _any_by_z(texts: list[str], low: object) -> bool:
    """Whether a single word stands out by itself, nothing adjusted."""
    sides: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for text, is_low in zip(texts, low, strict=True):  # type: ignore[call-overload]  # an array of truth values
        sides[not is_low].update(set(words(text)))
    sums = [side.total() for side in sides]
    return any(
        abs(log_odds(sides[0][word], sums[0], sides[1][word], sums[1])[1]) >= 1.96
        for word in sides[0] | sides[1]
        if sides[0][word] + sides[1][word] >= LEAST
    )
