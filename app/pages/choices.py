"""The words and drawings of each scale, the same on the widget, the pages, the tablet and in mails."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from app.pages.i18n import Messages
from app.touchpoints.scales import SCALES

# On a grid of 48 by 48: `lines` are drawn, `full` is filled, `tint` is the colour of a chosen face.
DRAWINGS: Final[dict[str, dict[str, str]]] = json.loads(files(__package__).joinpath("drawings.json").read_bytes())
# Of the five drawn faces, four are enough for a smiley: they differ more from each other.
FACES: Mapping[str, tuple[int, ...]] = {"csat": (1, 2, 3, 4, 5), "smiley": (1, 2, 4, 5)}


def word(scale: str, rating: int, t: Messages) -> str:
    """The word of a rating: "Satisfied"; of NPS, which has none between its ends, "9 of 10"."""
    return t("rating_of", rating=rating, high=10) if scale == "nps" else t(f"{scale}_{rating}")


def label(scale: str, rating: int, t: Messages) -> str:
    """What a screen reader says of a rating where only a drawing is seen: "3 stars, good"."""
    return f"{t('stars', n=rating)}, {word(scale, rating, t).lower()}" if scale == "stars" else word(scale, rating, t)


def answer(scale: str, rating: int, t: Messages) -> str:
    """A rating inside a sentence, as in "Saved: 4, satisfied." """
    if scale in ("csat", "ces"):
        return f"{rating}, {word(scale, rating, t).lower()}"
    return label(scale, rating, t) if scale in ("stars", "nps") else word(scale, rating, t).lower()


def ends(scale: str, t: Messages) -> tuple[str, str]:
    """The words at the low and the high end."""
    if scale == "nps":
        return t("nps_low"), t("nps_high")
    return word(scale, SCALES[scale].low, t), word(scale, SCALES[scale].high, t)


def choices(scale: str, t: Messages) -> list[dict[str, Any]]:
    """Each rating, low to high, as {value, word, label, answer, icon}; `icon` is a symbol of _sprite.html or None."""
    return [
        {
            "value": rating,
            "word": word(scale, rating, t),
            "label": label(scale, rating, t),
            "answer": answer(scale, rating, t),
            "icon": icon(scale, rating),
        }
        for rating in SCALES[scale].ratings
    ]


def icon(scale: str, rating: int) -> str | None:
    """The symbol drawn for a rating; None where the number itself is shown (ces, nps)."""
    if scale in FACES:
        return f"face-{FACES[scale][rating - 1]}"
    if scale == "thumbs":
        return "thumb-up" if rating else "thumb-down"
    return "star" if scale == "stars" else None
