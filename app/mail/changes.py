"""An alert as an item of a letter. What its evidence lacks is not said."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from app.mail.draw import line_of
from app.mail.language import Say
from app.mail.writing import Item, Level, Links
from app.models import Alert, Journey, Touchpoint
from app.pages.i18n import in_language

LEVELS = ("drop", "rise")
TROUBLES = ("silence", "flood", "review_due")
_NAMED = 3  # segments
EFFECTS = ("better", "worse", "no_evidence", "too_few")


Place = Touchpoint | Journey


def place_of(session: Session, alert: Alert) -> Place | None:
    """The touchpoint of an alert, or its journey."""
    if alert.journey_id:
        return session.get(Journey, alert.journey_id)
    return session.get(Touchpoint, alert.touchpoint_id)


def name_of(place: Place, say: Say) -> str:
    """The name of a touchpoint or a journey, on one line."""
    return line_of(in_language(place.name, say.language) or place.key)


def is_untaken(alert: Alert) -> bool:
    """Whether it is a fall that goes on, and that nobody takes care of."""
    return alert.kind == "drop" and not alert.closed_at and not alert.acknowledged_at


def item(alert: Alert, place: Place, say: Say, links: Links) -> Item:
    """What happened, since when, and for a level how it stood and stands."""
    if alert.kind == "action":
        return _action(alert.evidence, place, say, links)
    return Item(
        name=name_of(place, say),
        url=links.alert(alert.id),
        said=_said(alert.kind, alert.evidence, say),
        more=_target(alert.evidence, say) if alert.kind == "target" else _since(alert, say),
        levels=_levels(alert.kind, alert.evidence, say),
        button=say("take") if is_untaken(alert) else "",
    )


def _said(kind: str, evidence: Mapping[str, Any], say: Say) -> str:
    if kind in LEVELS:
        before, after = (say.number(round(evidence[name])) for name in ("level_before", "level_after"))
        return say(kind, before=before, after=after)
    if kind == "device_silent":
        return say("device_silent", name=line_of(str(evidence.get("name", ""))))
    if kind == "target" and evidence.get("verdict") in ("met", "missed"):
        return say(f"target_{evidence['verdict']}")
    return say(kind if kind in TROUBLES else "other")


def _since(alert: Alert, say: Say) -> str:
    """Since when, and what tells how large it is."""
    evidence, when = alert.evidence, "since" if alert.kind in LEVELS else "since_day"
    said = [say(when, day=say.day(alert.since))]
    if alert.kind in LEVELS and evidence.get("answers"):
        said.append(say("answers_since", n=evidence["answers"]))
    if names := [line_of(one["segment"].partition(":")[2]) for one in evidence.get("segments", ())[:_NAMED]]:
        said.append(say("where", names=", ".join(names)))
    if alert.kind in ("silence", "flood") and evidence.get("usual"):
        said.append(say("usual", number=say.number(round(evidence["usual"], 1))))
    return " ".join(said)


def _target(evidence: Mapping[str, Any], say: Say) -> str:
    stands, target = evidence.get("level_after"), evidence.get("target")
    if stands is None or target is None:
        return ""
    return say("stands", level=say.number(stands), target=say.number(target))


def _action(evidence: Mapping[str, Any], place: Place, say: Say, links: Links) -> Item:
    change, verdict = evidence.get("difference") or {}, evidence.get("verdict")
    if change:
        low, high = sorted(abs(change[end]) for end in ("low", "high"))
        numbers = {"value": abs(change["value"]), "low": low, "high": high}
        change = {name: say.number(value) for name, value in numbers.items()}
    return Item(
        name=line_of(str(evidence.get("title", ""))) or name_of(place, say),
        url=f"{links.base}/actions/{evidence.get('action', '')}",
        said=say(f"effect_{verdict}" if verdict in EFFECTS else "other"),
        more=f"{name_of(place, say)}: {say('effect_change', **change)}" if change else name_of(place, say),
    )


def _levels(kind: str, evidence: Mapping[str, Any], say: Say) -> list[Level]:
    """Before and now; none for what is no change of a level."""
    if kind not in LEVELS:
        return []
    before, after = float(evidence["level_before"]), float(evidence["level_after"])
    ends = [evidence.get(f"interval_{when}") or {} for when in ("before", "after")]
    return [Level(say("before"), before, **ends[0]), Level(say("now"), after, rising=kind == "rise", **ends[1])]
