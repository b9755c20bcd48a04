"""Which events stand as marks on a trend, in which order, and where."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from app.dashboard import charts, marks
from app.dashboard.localized import Localized, texts
from app.dashboard.marks import Event, placed
from app.dashboard.trend import Trend
from app.models import Action, Alert, Review, TargetRecord
from app.touchpoints.catalogue import LANGUAGES

DAY = 86_400
START = datetime(2026, 6, 1, tzinfo=UTC)
WEEKS = [int(START.timestamp()) + 7 * DAY * week for week in range(27)]  # 26 steps
NOW = WEEKS[25] + 3 * DAY
EN = Localized("en", texts("en"))


def event(days: float, kind: str = "began") -> Event:
    return Event(kind, START + timedelta(days=days), Markup(kind))


def test_marks_are_numbered_in_order_of_time_and_stand_where_their_time_is():
    found, unmarked = placed([event(70), event(3.5, "review")], WEEKS, NOW)
    assert [(mark.number, mark.x, mark.event.kind) for mark in found] == [(1, 0.5, "review"), (2, 10.0, "began")]
    assert unmarked == 0


def test_what_is_close_stands_in_lanes_above_each_other_and_what_is_far_in_the_lowest():
    found, _ = placed([event(50, "ended"), event(48), event(49, "drop"), event(100)], WEEKS, NOW)
    assert [(mark.event.kind, mark.lane) for mark in found] == [("began", 1), ("drop", 0), ("ended", 2), ("began", 0)]
    for one in found:
        for other in found:
            assert one is other or one.lane != other.lane or abs(one.x - other.x) >= marks.APART * 26


def test_where_there_is_no_room_what_tells_more_stays_and_the_rest_is_counted():
    many = [event(60 + place / 10, "review") for place in range(6)] + [event(61, "drop"), event(61.5)]
    found, unmarked = placed(many, WEEKS, NOW)
    assert sorted(mark.event.kind for mark in found) == ["began", "drop", "review", "review"] and unmarked == 4
    spread = [event(place * 9) for place in range(20)]
    found, unmarked = placed(spread, WEEKS, NOW)
    assert len(found) == marks.MOST and found[-1].event == spread[-1] and unmarked == 20 - marks.MOST


def test_what_was_before_the_chart_and_what_is_still_to_come_is_no_mark():
    running_week_but_tomorrow = event(25 * 7 + 4)
    found, unmarked = placed([event(-1), running_week_but_tomorrow], WEEKS, NOW)
    assert (found, unmarked) == ([], 0)


def test_steps_are_equally_wide_whatever_their_length():
    months = [0, 31 * DAY, 59 * DAY, 90 * DAY]
    assert [charts.across(at * DAY, months) for at in (0, 31, 45, 90, 91, -1)] == [0, 1, 1.5, 3, 3, 0]


def action(**said: object) -> Action:
    return Action(id=7, title="Two carriers <again>", touchpoints=["delivery"], created_by="x", **said)


def said_of(row: Action, zone: str = "UTC") -> list[tuple[str, str]]:
    return [(one.kind, str(one.said)) for one in marks.of_actions([row], ZoneInfo(zone), EN)]


def test_an_action_is_marked_when_it_begins_and_when_it_ends_or_is_given_up():
    noon, later = START + timedelta(hours=12), START + timedelta(days=4)
    named = "“Two carriers &lt;again&gt;”"
    began = ("began", f"{named} began")
    assert said_of(action()) == [] == said_of(action(dropped_at=later))
    assert said_of(action(started_at=noon)) == [began]
    assert said_of(action(started_at=noon, finished_at=later)) == [began, ("ended", f"{named} ended")]
    assert said_of(action(started_at=noon, dropped_at=later)) == [began, ("ended", f"{named} was given up")]
    evening = action(started_at=noon, finished_at=START + timedelta(hours=23))
    assert said_of(evening) == [("began", f"{named} began and ended")]
    assert [kind for kind, _ in said_of(evening, "Europe/Copenhagen")] == ["began", "ended"]  # past midnight there


def target(value: float, set_day: int, ended_day: float | None = None, metric: str = "csat") -> TargetRecord:
    ended = None if ended_day is None else START + timedelta(days=ended_day)
    return TargetRecord(
        touchpoint_id=1, metric=metric, value=value, set_at=START + timedelta(days=set_day), ended_at=ended
    )


def test_a_target_is_set_changed_and_taken_away():
    rows = [target(70.0, 0, 10), target(75.0, 10, 20), target(3.8, 30, metric="mean")]
    found = [(round((one.at - START).total_seconds() / DAY), str(one.said)) for one in marks.of_targets(rows, EN)]
    assert found == [
        (0, "target set to 70 (satisfied)"),
        (10, "target changed from 70 (satisfied) to 75 (satisfied)"),
        (20, "target of 75 (satisfied) taken away"),
        (30, "target set to 3.8 (mean)"),
    ]
    assert marks.of_targets([], EN) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_said_in_every_language_with_its_numbers(language):
    t = Localized(language, texts(language))
    numbers = {"level_before": 72.4, "level_after": 34.0, "verdict": "missed"}
    rows = [
        Alert(id=place, kind=kind, touchpoint_id=1, since=START, opened_at=START + timedelta(days=2), evidence=numbers)
        for place, kind in enumerate(marks.ALERTS)
    ]
    found = marks.of_alerts(rows, t)
    assert [one.kind for one in found] == ["drop", "rise", "notice", "notice", "target"]
    assert [one.at.day for one in found] == [1, 1, 1, 1, 3]  # a target is marked when it was decided
    assert all("72" in one.said and "34" in one.said for one in found[:2]) and found[0].link == "/alerts/0"
    review = Review(touchpoint_id=1, reviewed_at=START, reviewed_by="Ewa <x>", note="All well")
    (seen,) = marks.of_reviews([review], t)
    assert "Ewa &lt;x&gt;" in seen.said and seen.note == "All well"
    assert {one.kind for one in (*found, seen)} <= set(marks.KINDS)


def test_a_word_stands_where_the_uprights_leave_most_room():
    trend = Trend([None] * 10, [0] * 10, range(11), 10, ZoneInfo("UTC"))
    assert trend.clear(6, 10, []) == trend.clear(6, 10, [1, 6, 10, 11]) == "80%"
    assert trend.clear(6, 10, [9.5, 7, 7.5]) == "85%"
