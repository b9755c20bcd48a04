"""Draws the badge of a public touchpoint: five stars, filled as far as the mean reaches, the value, how many rated."""

from typing import Any

from app.pages.i18n import in_language, locale, messages
from app.pages.render import ENVIRONMENT
from app.scores import formulas
from app.scores.formulas import Counts, Estimate
from app.touchpoints.registry import Known
from app.touchpoints.scales import Scale

STAR, GAP, EDGE, SPACE = 18, 2, 10, 7
BOLD = 1.12  # times as wide
STARS_AT = tuple(EDGE + place * (STAR + GAP) for place in range(5))
TEXT_AT = STARS_AT[-1] + STAR + 8
_ADVANCE = {"m": 0.97, "w": 0.82, "ø": 0.61, "t": 0.39, "r": 0.43, "f": 0.35, "s": 0.52, "c": 0.52, "z": 0.53}
_ADVANCE |= dict.fromkeys("ilj", 0.3) | dict.fromkeys(" .,\u00a0", 0.36) | {"/": 0.45, "%": 1.08}
_TIGHT = ("en", "nl", "ar")  # write 80% without a space


def draw(known: Known, counts: Counts, language: str, theme: str) -> str:
    """The badge as SVG; `theme` is light, dark or auto."""
    t, mean = messages("badge", language), formulas.metrics(known.scale, counts)["mean"]
    if len(known.scale.ratings) > 2:  # of two ratings the share is shown, which two decimals of a mean would round
        mean = formulas.said("mean", mean)  # as the API and the dashboard have it
    if mean and known.scale.reversed:
        mean = turned(known.scale, mean)
    n = sum(counts)
    ratings = t("ratings", n=n, number=grouped(n, language)) if n else t("none")
    value = None if mean is None else shown(known.scale, mean, language)
    given: dict[str, Any] = {
        "id": f"ts-{known.row.key}",
        "title": _title(known, value, ratings, language),
        "theme": theme,
        "stars": STARS_AT,
        "filled": filled(known.scale, mean) if mean else 0,
        "text_at": TEXT_AT,
        "width": round(TEXT_AT + BOLD * width(value or "") + (SPACE if value else 0) + width(ratings) + EDGE),
        "value": value,
        "ratings": ratings,
    }
    return ENVIRONMENT.get_template("badge.svg").render(given)


def _title(known: Known, value: str | None, ratings: str, language: str) -> str:
    name = in_language(known.row.name, language)
    if value is None:
        return f"{name}: {ratings}"
    t = messages("badge", language)
    if len(known.scale.ratings) == 2:
        return t("said_share", name=name, value=value, ratings=ratings)
    number, _, top = value.partition("/")
    return t("said", name=name, value=number, best=top, ratings=ratings)


def shown(scale: Scale, mean: Estimate, language: str) -> str:
    """The mean beside its best: "4.2/5"; of two ratings the share of the good one."""
    if len(scale.ratings) == 2:
        return f"{100 * (mean.value - scale.low):.0f}" + ("%" if language in _TIGHT else "\u00a0%")
    return f"{mean.value:.1f}".replace(".", _symbol(language, "decimal")) + f"/{scale.high}"


def turned(scale: Scale, mean: Estimate) -> Estimate:
    """The mean as if more were better: stars and search engines know no other scale."""
    both = scale.low + scale.high
    return Estimate(both - mean.value, both - mean.high, both - mean.low)


def grouped(n: int, language: str) -> str:
    """A count with its thousands set apart."""
    return f"{n:,}".replace(",", _symbol(language, "group"))


def _symbol(language: str, name: str) -> str:
    return str(locale(language).number_symbols["latn"][name])


def filled(scale: Scale, mean: Estimate) -> float:
    """How far the filled stars reach: a mean of 3.5 out of 5 fills three and a half of them."""
    whole, part = divmod(5 * mean.value / scale.high, 1)
    return round(EDGE + whole * (STAR + GAP) + part * STAR, 1)


def width(text: str, size: float = 13.0) -> float:
    """The width of a text in Verdana, or in DejaVu Sans, which has the same measures."""
    return size * sum(_ADVANCE.get(letter, 0.7 if letter.isupper() else 0.63) for letter in text)
