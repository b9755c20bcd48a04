"""Actions of which it was decided within a period whether they helped."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session

from app.actions import history, report
from app.actions.effect import LOOKS
from app.mail.draw import line_of
from app.mail.language import Say
from app.mail.period import Period
from app.mail.writing import Item, Links
from app.models import Action

DECIDED = ("better", "worse")


def decided(session: Session, period: Period, say: Say, links: Links) -> list[Item]:
    """An item for each, with how much it changed."""
    keys = {place.key for place in period.places}
    found = []
    for action in history.begun(session, period.until):
        if keys & set(action.touchpoints) and _may_be(action, period):
            overall = report.read(session, action, period.until)["overall"]
            before = report.read(session, action, period.since)["overall"]
            if overall["verdict"] in DECIDED and before["verdict"] not in DECIDED:
                found.append(_item(action, overall, say, links))
    return found


def _may_be(action: Action, period: Period) -> bool:
    """Whether it is looked at within the period: all else was decided before or will be later, and reading is dear."""
    first, last = (_passed(action, period, at) for at in (period.since, period.until))
    return last is not None and any((first or 0) - 1 <= look <= last + 1 for look in LOOKS)  # zones differ by a day


def _passed(action: Action, period: Period, at: Any) -> int | None:
    taken = history.taken(action, period.zone, at)
    return taken.passed if taken else None


def _item(action: Action, overall: dict[str, Any], say: Say, links: Links) -> Item:
    change = {name: say.number(abs(value)) for name, value in _sorted(overall["difference"] or {})}
    return Item(
        name=line_of(action.title),
        url=f"{links.base}/actions/{action.id}",
        said=say(f"effect_{overall['verdict']}"),
        more=say("effect_change", **change) if change else "",
    )


def _sorted(difference: dict[str, float]) -> Iterator[tuple[str, float]]:
    """Value and bounds without their sign, the smaller one first."""
    if difference:
        low, high = sorted((abs(difference["low"]), abs(difference["high"])))
        yield from (("value", difference["value"]), ("low", low), ("high", high))
