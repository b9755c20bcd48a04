"""What a company's own scale must be, so that it can be drawn, said and scored. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import Code, Place, Problem

Stored = Mapping[str, Any]  # as models.OwnScale has it
_POINTS = {"stars": range(3, 6), "faces": range(2, 6), "numbers": range(2, 12), "thumbs": range(2, 3)}


def asked(drawing: str, share: str) -> str:
    """What a question asks for on a scale that does not say."""
    if share == "nps":
        return "likely"
    if share == "ces":
        return "agree"
    return "yes" if drawing == "thumbs" else "rated"


def check(scale: Stored) -> None:
    """Problem invalid_request with the place of everything that cannot be."""
    if wrong := [Place(place=f"body.{name}", message=why, mend=mend) for name, why, mend in _wrong(scale)]:
        raise Problem(Code.INVALID_REQUEST, "A scale cannot be like this.", errors=wrong)


def _wrong(scale: Stored) -> Iterator[tuple[str, str, str]]:
    low, high, drawing = scale["low"], scale["high"], scale["drawing"]
    if low >= high:
        yield "to", f"is not above {low}, where the scale begins", "Give a scale at least two ratings."
        return
    yield from _top(scale)
    yield from _drawn(drawing, low, high, is_reversed=scale["reversed"])
    if scale["share"] == "nps" and (low, high, scale["top"], scale["reversed"]) != (0, 10, 9, False):
        mend = "Take from 0, to 10, satisfied_from 9 and not reversed, or leave nps out."
        yield "nps", "is defined on 0 to 10 alone, with promoters from 9", mend
    yield from _labelled(scale["labels"], low, high, every=drawing in ("faces", "thumbs"))


def _top(scale: Stored) -> Iterator[tuple[str, str, str]]:
    low, high = scale["low"], scale["high"]
    boxes = range(low, high) if scale["reversed"] else range(low + 1, high + 1)
    if scale["top"] not in boxes:
        yield "satisfied_from", "leaves nobody satisfied, or nobody else", f"Use {boxes[0]} to {boxes[-1]}."


def _drawn(drawing: str, low: int, high: int, *, is_reversed: bool) -> Iterator[tuple[str, str, str]]:
    points = _POINTS[drawing]
    if high - low + 1 not in points or (drawing == "stars" and low != 1):
        many = f"{points[0]}" if len(points) == 1 else f"{points[0]} to {points[-1]}"
        begin = ", beginning with 1" if drawing == "stars" else ""
        yield "drawing", f"{drawing} are drawn for {many} ratings{begin}", "Use numbers, or another range."
    if is_reversed and drawing not in ("faces", "numbers"):
        yield "reversed", f"is not understood where {drawing} are drawn", "Use faces or numbers."


def _labelled(labels: Mapping[str, Any], low: int, high: int, *, every: bool) -> Iterator[tuple[str, str, str]]:
    there = {int(rating) for rating in labels}
    for rating in sorted(there - set(range(low, high + 1))):
        yield f"labels.{rating}", f"is not on the scale {low} to {high}", "Leave it out."
    for rating in sorted((set(range(low, high + 1)) if every else {low, high}) - there):
        yield f"labels.{rating}", "is missing", "Say in words what this rating means."
    for empty in [rating for rating, texts in labels.items() if not texts]:
        yield f"labels.{empty}", "has no text", "Give it in at least one language."
