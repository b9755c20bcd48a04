"""Alerts in words. Pure."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, tzinfo
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
    """Delivery fell from 72 to 34; a tablet, and an action that was decided, are called by their own names."""
    seen, kind, name = alert["evidence"], alert["kind"], place(alert, names, t)
    name = {"device_silent": seen.get("name"), "action": seen.get("title")}.get(kind) or name
    if kind in ("target", "action") and "verdict" in seen:
        return Markup("{}: {}").format(name, t(f"today.verdict.{seen['verdict']}"))
    ends = (end for end in ("before", "after") if seen.get(f"level_{end}") is not None)
    levels: dict[str, Any] = {end: t.number(seen[f"level_{end}"]) for end in ends}
    return t(f"alert.{kind}", name=name, **levels)


def place(alert: Alert, names: Mapping[str, Known], t: Localized) -> str:
    """What the touchpoint or the journey of an alert, or of a change, is called."""
    if alert["journey"]:
        return t("alert.of_journey", name=t.own(alert["called"]) or alert["journey"])
    key = alert["touchpoint"]
    return t.own(names[key].row.name) if key in names else str(key)


def zone(alert: Alert, names: Mapping[str, Known]) -> tzinfo:
    """Where its days are counted: at its touchpoint, or the first one of its journey."""
    moved = [one["touchpoint"] for one in alert["evidence"]["touchpoints"]] if alert["journey"] else []
    return next((names[key].zone for key in (alert["touchpoint"], *moved) if key in names), UTC)


def concerns(alert: Alert, keys: Collection[str]) -> bool:
    """Whether it is about one of these touchpoints, or a journey of one."""
    members = [one["touchpoint"] for one in alert["evidence"]["touchpoints"]] if alert["journey"] else []
    return any(key in keys for key in (alert["touchpoint"], *members))


def says(alert: Alert, names: Mapping[str, Known], t: Localized) -> Markup:
    """Since when, how sure the day is, and what else the monitoring saw."""
    seen, kind = alert["evidence"], alert["kind"]
    day = t.day(alert["since"].astimezone(zone(alert, names)).date())
    said = [t("alert.since.about" if kind in ("drop", "rise") else "alert.since", day=day)]
    if isinstance(days := seen.get("since"), Mapping):
        first, last = (t.day(date.fromisoformat(days[end])) for end in ("from", "to"))
        said.append(t("alert.between", first=first, last=last))
    if kind in ("drop", "rise") and isinstance(seen.get("answers"), int):
        said.append(t("alert.known_from", n=seen["answers"]))
    if kind == "silence" and seen.get("usual"):
        said.append(t("silent_usual", usual=t.number(seen["usual"], 0 if seen["usual"] >= 2 else 1)))
    if kind == "device_silent":
        said.append(t("tablet_check"))
    if kind == "flood" and seen.get("set_aside"):
        said.append(t("burst.aside", n=seen["set_aside"]))
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
