"""Alerts in words. Pure."""

from collections.abc import Callable, Mapping
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
