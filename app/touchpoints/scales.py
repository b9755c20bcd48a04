"""The six scales a touchpoint may be rated on, and which metrics each of them reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Scale:
    """Whole-number ratings from `low` to `high`; more is always better.

    `top` is the lowest rating that counts as satisfied (csat), easy (ces) or promoter (nps). `metrics` are the names
    reported, in order; `headline` is the one of them that trends and targets go by unless another is asked for.
    """

    name: str
    low: int
    high: int
    top: int
    headline: str
    metrics: tuple[str, ...]

    @property
    def ratings(self) -> range:
        return range(self.low, self.high + 1)

    @property
    def bottom(self) -> int:
        """The highest rating that counts as low: as many from the lower end as `top` leaves at the upper one.

        NPS has a boundary of its own: detractors give 6 at most.
        """
        return 6 if self.name == "nps" else self.low + self.high - self.top

    def bounds(self, metric: str) -> tuple[float, float]:
        """Smallest and largest value `metric` can take here; KeyError when this scale does not report it."""
        if metric not in self.metrics:
            raise KeyError(metric)
        return {"mean": (self.low, self.high), "nps": (-100, 100)}.get(metric, (0, 100))


SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        scale.name: scale
        for scale in (
            Scale("stars", 1, 5, 4, "mean", ("mean", "index", "csat")),
            Scale("csat", 1, 5, 4, "csat", ("mean", "index", "csat")),
            Scale("smiley", 1, 4, 3, "csat", ("mean", "index", "csat")),
            Scale("ces", 1, 7, 5, "ces", ("mean", "index", "ces")),
            Scale("nps", 0, 10, 9, "nps", ("mean", "index", "nps")),
            Scale("thumbs", 0, 1, 1, "csat", ("mean", "index", "csat")),
        )
    }
)
