"""Scales: what a rating may be, and all that follows from it. Those of the product; a company adds its own.

Everything that depends on a scale is a field here: metrics, formulas, drawing, words and the question that fits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Label = str | Mapping[str, str]  # the id of a message, or a company's own texts by language
ASKS = ("rated", "agree", "likely", "yes")
DRAWINGS = ("stars", "faces", "numbers", "thumbs")
RATING_MAX = 10  # the rollup counts 0 to 10


@dataclass(frozen=True, slots=True)
class Scale:
    """Whole-number ratings from `low` to `high`; more is better, or less where it is `reversed`, as school grades are.

    `top` is the poorest rating that counts as satisfied (csat), easy (ces) or promoter (nps). `metrics` are the names
    reported, in order: mean, index, and one share. `headline` is the one that trends and targets go by unless another
    is asked for. `asks` is what a question must ask for (questions.py), `look` how the choices are drawn: the name of
    the scale of the product that is drawn so. `labels` may have a word for each rating, or for the two ends alone.
    """

    name: str
    low: int
    high: int
    top: int
    headline: str
    metrics: tuple[str, ...]
    asks: str
    look: str
    labels: Mapping[int, Label] = field(hash=False)
    reversed: bool = False

    @property
    def ratings(self) -> range:
        return range(self.low, self.high + 1)

    @property
    def satisfied(self) -> range:
        """The ratings in the top box."""
        return range(self.low, self.top + 1) if self.reversed else range(self.top, self.high + 1)

    @property
    def poor(self) -> range:
        """The ratings that count as low: as many from the poor end as `top` leaves at the good one.

        NPS has a boundary of its own: detractors give 6 at most.
        """
        edge = self.low + self.high - self.top
        if self.reversed:
            return range(max(edge, self.top + 1), self.high + 1)
        return range(self.low, (6 if "nps" in self.metrics else min(edge, self.top - 1)) + 1)

    @property
    def aims(self) -> tuple[str, ...]:
        """The metrics that a target or an action may name: those of which more is better."""
        return self.metrics[1:] if self.reversed else self.metrics

    @property
    def worded(self) -> bool:
        """Whether each rating has a word; otherwise people say the number, and only the ends are explained."""
        return len(self.labels) == len(self.ratings)

    def upward(self, counts: Sequence[T]) -> Sequence[T]:
        """The part of a histogram of the ratings 0..10 that is on the scale, from the poorest rating to the best."""
        inside = counts[self.low : self.high + 1]
        return inside[::-1] if self.reversed else inside

    def height(self, rating: float) -> float:
        """Where a rating, or a mean, stands between the poorest (0) and the best (1)."""
        share = (rating - self.low) / (self.high - self.low)
        return 1 - share if self.reversed else share

    def bounds(self, metric: str) -> tuple[float, float]:
        """Smallest and largest value `metric` can take here; KeyError when this scale does not report it."""
        if metric not in self.metrics:
            raise KeyError(metric)
        return {"mean": (self.low, self.high), "nps": (-100, 100)}.get(metric, (0, 100))


def look(drawing: str, points: int) -> str:
    """The scale of the product whose layout fits so many choices of this drawing."""
    if drawing == "faces":
        return "csat" if points == 5 else "smiley"
    if drawing == "numbers":
        return "ces" if points <= 7 else "nps"
    return drawing


def _words(prefix: str, *names: int | str) -> dict[int, Label]:
    return {rating: f"{prefix}_{name}" for rating, name in enumerate(names, 1)}


def _ends(low: int, high: int) -> dict[int, Label]:
    return {low: "stars_1", high: "stars_5"}  # poor, excellent: they answer "how good" and "how satisfied"


def _ours(
    name: str, low: int, high: int, top: int, share: str, asks: str, look: str, labels: Mapping[int, Label]
) -> Scale:
    headline = "mean" if look == "stars" else share
    return Scale(name, low, high, top, headline, ("mean", "index", share), asks, look, MappingProxyType(labels))


SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        scale.name: scale
        for scale in (
            _ours("stars", 1, 5, 4, "csat", "rated", "stars", _words("stars", 1, 2, 3, 4, 5)),
            _ours("csat", 1, 5, 4, "csat", "rated", "csat", _words("csat", 1, 2, 3, 4, 5)),
            _ours("smiley", 1, 4, 3, "csat", "rated", "smiley", _words("smiley", 1, 2, 3, 4)),
            _ours("ces", 1, 7, 5, "ces", "agree", "ces", _words("ces", 1, 2, 3, 4, 5, 6, 7)),
            _ours("nps", 0, 10, 9, "nps", "likely", "nps", {0: "nps_low", 10: "nps_high"}),
            _ours("thumbs", 0, 1, 1, "csat", "yes", "thumbs", {0: "thumbs_0", 1: "thumbs_1"}),
            _ours("stars4", 1, 4, 3, "csat", "rated", "stars", _words("stars", 1, 2, 3, 5)),
            _ours("points3", 1, 3, 3, "csat", "rated", "smiley", _words("stars", 1, 2, 3)),
            _ours("points4", 1, 4, 3, "csat", "rated", "ces", _ends(1, 4)),
            _ours("points7", 1, 7, 6, "csat", "rated", "ces", _ends(1, 7)),
            _ours("points10", 1, 10, 8, "csat", "rated", "nps", _ends(1, 10)),
            _ours("points0to10", 0, 10, 8, "csat", "rated", "nps", _ends(0, 10)),
            _ours("agree5", 1, 5, 4, "csat", "agree", "ces", _words("ces", 1, 2, 4, 6, 7)),
            _ours("agree7", 1, 7, 5, "csat", "agree", "ces", _words("ces", 1, 2, 3, 4, 5, 6, 7)),
            _ours("yes_no", 0, 1, 1, "csat", "yes", "thumbs", {0: "thumbs_0", 1: "thumbs_1"}),
        )
    }
)


class Rated(Protocol):
    """A touchpoint, or a row with these columns of one."""

    @property
    def scale(self) -> str: ...

    @property
    def own_scale(self) -> Mapping[str, Any] | None: ...


def scale_of(touchpoint: Rated) -> Scale:
    """The scale that a touchpoint is rated on: one of the product, or the company's own as the touchpoint has it."""
    own = touchpoint.own_scale
    return SCALES[touchpoint.scale] if own is None else own_scale(touchpoint.scale, own)


def own_scale(name: str, own: Mapping[str, Any]) -> Scale:
    """A company's scale out of what is stored of it (models.OwnScale)."""
    share = own["share"]
    return Scale(
        name,
        own["low"],
        own["high"],
        own["top"],
        "mean" if own["drawing"] == "stars" else share,
        ("mean", "index", share),
        own["asks"],
        look(own["drawing"], own["high"] - own["low"] + 1),
        {int(rating): texts for rating, texts in own["labels"].items()},
        own["reversed"],
    )
