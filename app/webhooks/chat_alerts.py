"""What a chat shows of an alert: a plain sentence or two, and the page behind them. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from app.webhooks.events import CLOSED

Say = Callable[..., str]
_NAMED = 3  # segments


def sentence(event: Mapping[str, Any], touchpoint: str, inert: Callable[[str, int], str], say: Say) -> str:
    """What happened; `touchpoint` is its name as it may be shown, and `inert` makes other names so."""
    alert = event["data"]
    evidence, which = alert["evidence"], _which(alert)
    if event["type"] == CLOSED:
        return say(f"alert_closed_{alert['kind']}", touchpoint=touchpoint)
    values: dict[str, Any] = {"touchpoint": touchpoint}
    if alert["kind"] in ("drop", "rise"):
        values |= {name: round(evidence[f"level_{name}"]) for name in ("before", "after")}
    if alert["kind"] == "silence":
        values["n"] = max(1, evidence.get("hours", 0) // 24)
    if alert["kind"] == "flood":
        values["n"] = evidence.get("set_aside", 0)
    if alert["kind"] in ("device_silent", "action"):
        values["name"] = inert(str(evidence.get("name") or evidence.get("title") or ""), 200)
    return " ".join([say(f"alert_{which}", **values), *_where(evidence, inert, say)])


def _where(evidence: Mapping[str, Any], inert: Callable[[str, int], str], say: Say) -> list[str]:
    """In which segments it happened, as far as that was found."""
    names = [inert(one["segment"].partition(":")[2], 80) for one in evidence.get("segments", ())[:_NAMED]]
    return [say("alert_where", names=", ".join(names))] if names else []


def _which(alert: Mapping[str, Any]) -> str:
    verdict = alert["evidence"].get("verdict")
    return f"{alert['kind']}_{verdict}" if verdict else str(alert["kind"])


def path(alert: Mapping[str, Any]) -> str:
    """The page of an alert, or of the action that it is about."""
    action = alert["evidence"].get("action")
    return f"/actions/{action}" if action else f"/alerts/{alert['id']}"
