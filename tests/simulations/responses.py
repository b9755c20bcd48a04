"""The interval of a response rate: how often it leaves the rate out, where each one asked answers or does not."""

import numpy as np

from app.scores import score
from app.scores.counts import NONE, Counts
from app.scores.slices import ASKED, COUNTED
from tests.simulations.claims import Rates


def interval(asked: int, share: float, trials: int, seed: int = 71) -> Rates:
    """Wrong: Wilson's interval, as the score says it, leaves the share out; plainly: that of Wald does."""
    rng = np.random.default_rng(seed)
    wrong, plain = [], []
    for answered in rng.binomial(asked, share, trials):
        found = score.response_rate({("web", ASKED): _counts(asked), ("web", COUNTED): _counts(int(answered))})
        assert found
        wrong.append(not found["low"] <= 100 * share <= found["high"])
        seen = answered / asked
        plain.append(abs(seen - share) > 1.96 * np.sqrt(seen * (1 - seen) / asked))
    return Rates(100 * float(np.mean(wrong)), 100 * float(np.mean(plain)), float("nan"))


def _counts(n: int) -> Counts:
    return (n, *NONE[1:])
