"""How often the effect of an action that does nothing is told, and how often one that helps is not. Seeds are fixed.

The control is what everybody does: before against after at 95 %, at the touchpoint that was the lowest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random

from app.actions.effect import Question
from app.actions.expectation import Told, fleet_of, told
from app.actions.windows import sums, weights
from app.touchpoints.scales import SCALES

SKEW = (0.05, 0.05, 0.10, 0.30, 0.50)
INDEX = weights(SCALES["csat"], "index")
START, LOOK = 168, 28


@dataclass(frozen=True)
class World:
    """Touchpoints with `rate` answers a day; `apart`, `tau` and `wander` in deviations of the answers."""

    touchpoints: int = 10
    rate: int = 10
    apart: float = 0.0  # levels of the touchpoints
    tau: float = 0.0  # levels of the days
    season: float = 0.0  # what all of them change by when the action starts

    def days(self, random: Random, level: float, effect: float) -> dict:
        """Days of one touchpoint; answers move up or down a step with a chance that makes the level wanted."""
        found = {}
        for at in range(START + LOOK):
            shift = level + random.gauss(0, self.tau) + (self.season + effect if at >= START else 0.0)
            counts = [0] * 11
            for rating in random.choices((1, 2, 3, 4, 5), _tilted(shift), k=_poisson(random, self.rate)):
                counts[rating] += 1
            if any(counts):
                found[at] = {"web": sums(counts, INDEX)}
        return found

    def trial(self, random: Random, effect: float = 0.0) -> tuple[str, str]:
        """An action at the lowest of them: what is told of it, and what the control tells."""
        levels = [random.gauss(0, self.apart) for _ in range(self.touchpoints)]
        state = random.getstate()
        found = [self._told(random, level, 0.0) for level in levels]
        lowest = min(range(len(found)), key=lambda i: found[i].before[-1].mean)
        if effect:
            random.setstate(state)
            found = [self._told(random, level, effect * (i == lowest)) for i, level in enumerate(levels)]
        others = [one for i, one in enumerate(found) if i != lowest]
        said = Question(found[lowest], others, fleet_of(others), LOOK).of()
        return said.verdict, naive(found[lowest])

    def _told(self, random: Random, level: float, effect: float) -> Told:
        one = told(self.days(random, level, effect), START, START, LOOK, INDEX[1:6])
        assert one is not None
        return one


def _poisson(random: Random, mean: int) -> int:
    """Answers of a day: about Poisson."""
    return max(0, round(random.gauss(mean, sqrt(mean))))


def _tilted(shift: float) -> Sequence[float]:
    """SKEW with a mean that is `shift` deviations higher (to first order: an exponential tilt)."""
    deviation, mean = 1.127, 4.15
    tilted = [p * (1 + shift * (k - mean) / deviation) for k, p in enumerate(SKEW, 1)]
    return [max(p, 0.0) for p in tilted]


def naive(one: Told) -> str:
    """Before against after, 95 %, every answer on its own."""
    last, after = one.before[-1], one.after
    assert last is not None and after is not None
    half = 1.96 * sqrt(one.noise.variance * (1 / last.n + 1 / after.n))
    difference = after.mean - last.mean
    return "better" if difference > half else "worse" if difference < -half else "no_evidence"


def shares(world: World, trials: int, seed: int, effect: float = 0.0) -> dict[str, float]:
    """How many of 100 trials end in better and worse, and in the control's better and worse."""
    random = Random(seed)
    said = [world.trial(random, effect) for _ in range(trials)]
    names = [("better", 0), ("worse", 0), ("better", 1), ("worse", 1)]
    keys = ("better", "worse", "naive better", "naive worse")
    return {
        key: 100 * sum(one[which] == name for one in said) / trials
        for key, (name, which) in zip(keys, names, strict=True)
    }


WORLDS = {
    "lowest of 40 equal, 10 a day": World(touchpoints=40),
    "lowest of 10, 0.2 sd apart, 50 a day, days 0.1 sd": World(rate=50, apart=0.2, tau=0.1),
    "season: all fall 0.3 sd after the start": World(season=-0.3),
}
