"""Histograms to test with: by hand, and whatever Hypothesis thinks of."""

from hypothesis import strategies as st

from app.touchpoints.scales import SCALES, Scale


def histogram(ratings: dict[int, int]) -> list[int]:
    return [ratings.get(rating, 0) for rating in range(11)]


def thumbs(up: int, down: int) -> list[int]:
    return histogram({1: up, 0: down})


scales = st.sampled_from(list(SCALES.values()))


@st.composite
def histograms(draw: st.DrawFn, scale: Scale, least: int = 1) -> list[int]:
    """Mostly small counts, now and then large ones; at least `least` answers."""
    count = st.one_of(st.integers(0, 3), st.integers(0, 50), st.integers(0, 10**7))
    counts = histogram({rating: draw(count) for rating in scale.ratings})
    counts[draw(st.sampled_from(scale.ratings))] += least
    return counts


scored = scales.flatmap(lambda scale: st.tuples(st.just(scale), histograms(scale)))
compared = scales.flatmap(lambda scale: st.tuples(st.just(scale), histograms(scale), histograms(scale)))
