"""Alerts in words. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from markupsafe import Markup

from app.dashboard.localized import Localized
from app.touchpoints.registry import Known

Alert = Mapping[str, Any]  # as the API shows it
ICONS = {
    "drop": "fell",
    "rise": "rose",
    "silence": "quiet",
    "device_silent": "tablet",
    "flood": "flood",
    "review_due": "clock",
    "target": "goal",
    "action": "act",
}


def titles(names: Mapping[str, Known], t: Localized) -> Callable[[Alert], Markup]:
    """What an alert is called, in one line, among touchpoints of these keys."""
    return lambda alert: title(alert, names, t)


def title(alert: Alert, names: Mapping[str, Known], t: Localized) -> Markup:
    """Delivery fell from 72 to 34."""
    seen, key = alert["evidence"], alert["touchpoint"] or ""
    name = t.own(names[key].row.name) if key in names else seen.get("name") or key
    levels: dict[str, Any] = {
        end: t.number(seen[f"level_{end}"]) for end in ("before", "after") if f"level_{end}" in seen
    }
    return t(f"alert.{alert['kind']}", name=name, **levels)


def says(alert: Alert, known: Known | None, t: Localized) -> Markup:
    """Since when, and from how many answers it is known."""
    seen = alert["evidence"]
    day = t.day(alert["since"].astimezone(known.zone if known else UTC).date())
    said = [t("alert.since.about" if alert["kind"] in ("drop", "rise") else "alert.since", day=day)]
    if days := seen.get("since"):
        first, last = (t.day(date.fromisoformat(days[end])) for end in ("from", "to"))
        said.append(t("alert.between", first=first, last=last))
    if isinstance(seen.get("answers"), int):
        said.append(t("alert.known_from", n=seen["answers"]))
    return Markup(" ").join(said)


def course(alert: Alert) -> list[tuple[datetime, str, Mapping[str, Any]]]:
    """What happened with an alert, in order: when, which kind of thing, and what is to be said of it."""
    found: list[tuple[datetime, str, Mapping[str, Any]]] = [(alert["opened_at"], "opened", {})]
    if alert["acknowledged_at"]:
        found.append((alert["acknowledged_at"], "taken", {}))
    found += [(datetime.fromisoformat(one["at"]), "comment", one) for one in alert["comments"]]
    if alert["closed_at"]:
        by = alert["closed_by"]
        found.append((alert["closed_at"], f"closed.{alert['because']}" if by else "ended", {"by": by}))
    return sorted(found, key=lambda step: step[0])
