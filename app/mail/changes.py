"""An alert as an item of a letter."""

from collections.abc import Mapping
from typing import Any

from app.mail.draw import line_of
from app.mail.language import Say
from app.mail.writing import Item, Level, Links
from app.models import Alert, Touchpoint
from app.pages.i18n import in_language

_KNOWN = ("silence", "device_silent", "flood", "review_due", "target")


def name_of(place: Touchpoint, say: Say) -> str:
    """The touchpoint's name, on one line."""
    return line_of(in_language(place.name, say.language) or place.key)


def item(alert: Alert, place: Touchpoint, say: Say, links: Links) -> Item:
    """What happened, since when, and for a level how it stood and stands."""
    levels = _levels(alert, say)
    since = [say("since", day=say.day(alert.since))]
    answers = alert.evidence.get("answers")
    since += [say("answers_since", n=answers)] if levels and isinstance(answers, int) and answers > 0 else []
    return Item(
        name=name_of(place, say),
        url=links.touchpoint(place.key),
        said=_said(alert, levels, say),
        more=" ".join(since),
        levels=levels,
        button=say("take") if alert.kind == "drop" and not alert.closed_at and not alert.acknowledged_at else "",
    )


def _said(alert: Alert, levels: list[Level], say: Say) -> str:
    if levels:
        before, after = (say.number(round(level.value)) for level in levels)
        return say(alert.kind, before=before, after=after)
    status = alert.evidence.get("status")
    if alert.kind == "target" and status in ("met", "missed"):
        return say(f"target_{status}")
    return say(alert.kind if alert.kind in _KNOWN else "other")


def _levels(alert: Alert, say: Say) -> list[Level]:
    """Before and now; none for what is no change of a level."""
    said: Mapping[str, Any] = alert.evidence
    before, after = said.get("level_before"), said.get("level_after")
    if alert.kind not in ("drop", "rise") or not isinstance(before, int | float) or not isinstance(after, int | float):
        return []
    return [Level(say("before"), float(before)), Level(say("now"), float(after), rising=alert.kind == "rise")]
