"""What happened at a touchpoint, as marks on its trend: which are shown, in which order, and where. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.dashboard import charts, sentences
from app.dashboard.localized import Localized
from app.models import Action, Alert, Review, TargetRecord

# Each kind has a shape of its own. Where room is short, what stands before tells more.
KINDS = ("drop", "rise", "began", "ended", "target", "notice", "review")
ALERTS = ("drop", "rise", "silence", "flood", "target")  # an action and a review are marked for themselves
MOST = 12
LANES = 4
APART = 0.06  # of the chart's width: so far from each other, marks stand side by side on a phone, too
_AT_ONCE = timedelta(minutes=1)  # a target that is replaced ends when the next one is set


class Event(NamedTuple):
    """Something that happened: its kind, when, what is said of it, and where more is to be read."""

    kind: str
    at: datetime
    said: Markup
    link: str | None = None
    note: str | None = None


class Mark(NamedTuple):
    """An event on the chart: its number there, how many steps from the left it stands, and how many lanes up."""

    number: int
    x: float
    lane: int
    event: Event


def placed(events: Iterable[Event], edges: Sequence[int], now: int) -> tuple[list[Mark], int]:
    """The marks in order of time, and how many events found no room: what tells more and what is newer goes first.

    `edges` are those of the trend (see `charts.across`); what is still to come is no event.
    """
    inside = [event for event in events if edges[0] <= event.at.timestamp() < now + 1]  # now is a whole second
    inside.sort(key=lambda event: (KINDS.index(event.kind), -event.at.timestamp()))
    shown: list[tuple[Event, float, int]] = []
    for event in inside:
        x = charts.across(event.at.timestamp(), edges)
        near = {lane for _, other, lane in shown if abs(other - x) < APART * (len(edges) - 1)}
        free = next((lane for lane in range(LANES) if lane not in near), None)
        if free is not None and len(shown) < MOST:
            shown.append((event, x, free))
    shown.sort(key=lambda one: one[0].at)
    return [Mark(number, x, lane, event) for number, (event, x, lane) in enumerate(shown, 1)], len(inside) - len(shown)


def of_alerts(rows: Iterable[Alert], t: Localized) -> list[Event]:
    """Each where its trouble began; a target where it was decided."""
    return [_of_alert(row, t) for row in rows]


def _of_alert(row: Alert, t: Localized) -> Event:
    link, seen = f"/alerts/{row.id}", row.evidence
    if row.kind in ("drop", "rise"):
        before, after = (t.number(seen[f"level_{end}"]) for end in ("before", "after"))
        return Event(row.kind, row.since, t(f"mark.{row.kind}", before=before, after=after), link)
    if row.kind == "target":
        return Event("target", row.opened_at, t(f"mark.{seen['verdict']}"), link)
    return Event("notice", row.since, t(f"mark.{row.kind}"), link)


def of_actions(rows: Iterable[Action], zone: ZoneInfo, t: Localized) -> list[Event]:
    """When each began, and when it ended or was given up; one that took a day is one event."""
    return [event for row in rows if row.started_at for event in _of_action(row, row.started_at, zone, t)]


def _of_action(row: Action, start: datetime, zone: ZoneInfo, t: Localized) -> list[Event]:
    end, link = row.dropped_at or row.finished_at, f"/actions/{row.id}"
    over = "mark.given_up" if row.dropped_at else "mark.ended"
    if end and not row.dropped_at and end.astimezone(zone).date() == start.astimezone(zone).date():
        return [Event("began", start, t("mark.done", title=row.title), link)]
    began = Event("began", start, t("mark.began", title=row.title), link)
    return [began, Event("ended", end, t(over, title=row.title), link)] if end else [began]


def of_reviews(rows: Iterable[Review], t: Localized) -> list[Event]:
    return [
        Event("review", row.reviewed_at, t("mark.reviewed", who=row.reviewed_by), "#review", row.note) for row in rows
    ]


def of_targets(rows: Sequence[TargetRecord], t: Localized) -> list[Event]:
    """When a target was set, changed or taken away; `rows` are all that the touchpoint had, the oldest first."""
    found = []
    for before, after in pairwise([None, *rows, None]):
        values: dict[str, Any] = {
            end: sentences.aim(row.metric, row.value, t) for end, row in (("before", before), ("after", after)) if row
        }
        if before and after and before.ended_at and after.set_at - before.ended_at < _AT_ONCE:
            found.append(Event("target", after.set_at, t("mark.target_changed", **values)))
            continue
        if before and before.ended_at:
            found.append(Event("target", before.ended_at, t("mark.target_gone", target=values["before"])))
        if after:
            found.append(Event("target", after.set_at, t("mark.target_set", target=values["after"])))
    return found
