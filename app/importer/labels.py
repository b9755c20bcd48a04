"""The labels of a company's own scales, which a file may hold instead of numbers. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from app.importer.rating_words import folded
from app.touchpoints.scales import Scale, own_scale


class Scales(NamedTuple):
    """The scales of touchpoints by the keys of these, and what is stored of the company's own ones by theirs."""

    of: Mapping[str, str] = MappingProxyType({})
    own: Mapping[str, Mapping[str, Any]] = MappingProxyType({})

    def labels(self, scale: str) -> dict[str, int]:
        """The ratings of a scale by their labels; none where it is one of the product."""
        own = self.own.get(scale)
        return labels_of(own_scale(scale, own)) if own else {}

    @property
    def words(self) -> frozenset[str]:
        """What is a label of any scale of the company's own."""
        return frozenset(word for scale in self.own for word in self.labels(scale))


NO_SCALES = Scales()


def labels_of(scale: Scale) -> dict[str, int]:
    """Ratings by their labels (folded) in whichever language; what two ratings are called says neither."""
    called: dict[str, set[int]] = {}
    for rating, label in scale.labels.items():
        for text in label.values() if isinstance(label, Mapping) else ():
            called.setdefault(folded(text), set()).add(rating)
    return {word: ratings.pop() for word, ratings in called.items() if word and len(ratings) == 1}
