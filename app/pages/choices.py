"""The words and drawings of each scale, the same on the widget, the pages, the tablet and in mails."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from app.pages.i18n import Messages, in_language
from app.touchpoints.scales import Scale

# On a grid of 48 by 48: `lines` are drawn, `full` is filled, `tint` is the colour of a chosen face.
DRAWINGS: Final[dict[str, dict[str, str]]] = json.loads(files(__package__).joinpath("drawings.json").read_bytes())
# Of the five drawn faces, by how many there are, those that differ most from each other; the poorest first.
_FACES: Mapping[int, tuple[int, ...]] = {2: (2, 4), 3: (2, 3, 4), 4: (1, 2, 4, 5), 5: (1, 2, 3, 4, 5)}
_PAIRS = (("thumb-down", "thumb-up"), ("close", "check"))


def word(scale: Scale, rating: int, t: Messages) -> str:
    """The word of a rating: "Satisfied"; where only the ends have one, "9 of 10"."""
    return said(scale, rating, t) if scale.worded else t("rating_of", rating=rating, high=scale.high)


def said(scale: Scale, rating: int, t: Messages) -> str:
    """The label of a rating as the scale has it; its number where it has none."""
    label = scale.labels.get(rating, str(rating))
    if isinstance(label, str):
        return t(label) if rating in scale.labels else label
    return in_language(label, t.language)


def label(scale: Scale, rating: int, t: Messages) -> str:
    """What a screen reader says of a rating where only a drawing is seen: "3 stars, good"."""
    text = word(scale, rating, t)
    return f"{t('stars', n=rating)}, {_within(scale, text)}" if scale.look == "stars" else text


def answer(scale: Scale, rating: int, t: Messages) -> str:
    """A rating inside a sentence, as in "Saved: 4, satisfied." """
    if scale.look == "stars" or not scale.worded:
        return label(scale, rating, t)
    text = _within(scale, word(scale, rating, t))
    return f"{rating}, {text}" if is_numbered(scale) else text


def _within(scale: Scale, text: str) -> str:
    """A word of the product inside a sentence; what a company wrote stays as it is."""
    ours = any(isinstance(label, str) for label in scale.labels.values())
    return text.lower() if ours else text


def is_numbered(scale: Scale) -> bool:
    """Whether people say the number of a rating: nobody says "I gave it a 3" of four faces, or of yes and no."""
    return scale.look in ("csat", "stars", "ces", "nps") and len(scale.ratings) > 2


def ends(scale: Scale, t: Messages) -> tuple[str, str]:
    """The words at the low and the high end."""
    return said(scale, scale.low, t), said(scale, scale.high, t)


def choices(scale: Scale, t: Messages) -> list[dict[str, Any]]:
    """Each rating, low to high, as {value, word, label, answer, icon}; `icon` is a symbol of _sprite.html or None."""
    return [
        {
            "value": rating,
            "word": word(scale, rating, t),
            "label": label(scale, rating, t),
            "answer": answer(scale, rating, t),
            "icon": icon(scale, rating),
        }
        for rating in scale.ratings
    ]


def drawn(scale: Scale, t: Messages) -> dict[str, Any]:
    """A scale as a tablet draws it."""
    return {"look": scale.look, "choices": choices(scale, t), "ends": ends(scale, t)}


def face(scale: Scale, rating: int) -> int | None:
    """The number of the face drawn for a rating, 1 being the saddest; None on scales without faces."""
    if scale.look not in ("csat", "smiley"):
        return None
    place = rating - scale.low
    return _FACES[len(scale.ratings)][-1 - place if scale.reversed else place]


def icon(scale: Scale, rating: int) -> str | None:
    """The symbol drawn for a rating; None where the number itself is shown."""
    if drawn := face(scale, rating):
        return f"face-{drawn}"
    if scale.look == "thumbs":
        return _PAIRS[scale.name == "yes_no"][rating - scale.low]
    return "star" if scale.look == "stars" else None
