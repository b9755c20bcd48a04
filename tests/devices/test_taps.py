"""A tablet that somebody plays with: minutes and hours tell it where seconds do not, against what is usual on it."""

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest

from app.ingest import guard
from app.ingest.taps import judged
from app.ingest.usual_volume import Usual, usual
from tests.devices.test_tablet_batch import BATCH, item
from tests.reliability.report import report
from tests.reliability.test_flood import PER_DAY, traffic

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def every(seconds: float, hours: float) -> list[datetime]:
    return [START + timedelta(seconds=seconds * number) for number in range(int(hours * 3600 / seconds))]


async def test_two_hundred_and_eighty_five_at_one_each_two_seconds_are_set_aside_as_a_group(
    client, anybody, make, pair
):
    await make("exit")
    _, headers = await pair("exit")
    start = datetime.now(UTC) - timedelta(minutes=20)
    times = [start + timedelta(seconds=2.1 * number) for number in range(285)]
    assert guard.taps_in_bursts(times) == set(), "the control: by seconds alone, all of them count"
    for place in range(0, 285, 15):
        body = {"items": [item(rating=1, at=at) for at in times[place : place + 15]]}
        assert (await anybody.post(BATCH, json=body, headers=headers)).json()["created"] == 15
    score = (await client.get("/v1/touchpoints/exit/score")).json()
    report("285 on one tablet, one each 2.1 s", f"{score['count']} count", "0", holds=score["count"] == 0)
    assert score["excluded"] == {"burst": 285}
    said = {"touchpoint": "exit", "flag": "burst", "flags": []}
    assert (await client.patch("/v1/feedback", json=said)).json() == {"changed": 285}


@pytest.mark.parametrize(
    ("times", "own", "part"),
    [
        (every(5.0, 0.5), None, 1),  # half an hour of a queue that never ends, on the first day
        (every(12.0, 2), None, 0),  # 300 an hour on the first day
        (every(12.0, 2), Usual(limit=30), 1),
        (every(12.0, 2), Usual(limit=300), 0),
        (every(21.0, 5), Usual(limit=30), 1),  # never thirty in ten minutes, 171 an hour all the same
        (every(21.0, 5), Usual(limit=100), 0),
        (every(65.0, 10), Usual(limit=30), 0),  # what it does not see
    ],
)
def test_minutes_and_hours_against_what_is_usual(times, own, part):
    hammered, flood = judged(times, own)
    assert hammered == set() and len(flood) == part * len(times)


def test_a_busy_store_is_no_flood_where_that_is_usual():
    """Customers queue all day, each as fast as anybody is, on a tablet that knows such days."""
    chance, at, taps = random.Random(7), START, []
    for _ in range(10_000):
        at += timedelta(seconds=4 + chance.expovariate(1))
        taps.append(at)
    assert judged(taps, Usual(limit=720)) == (set(), set())


def test_plausible_days_of_a_tablet_are_no_flood():
    """By the rule that the service uses: each day against the 28 before it."""
    chance, aside, answers = random.Random(5), 0, 0
    for per_day in PER_DAY:
        by_day: dict[date, list[datetime]] = defaultdict(list)
        for at in traffic(per_day, START - timedelta(days=84), 84, chance):
            by_day[at.date()].append(at)
        for today in sorted(by_day)[28:]:
            before = [at for day in by_day if today - timedelta(days=28) <= day < today for at in by_day[day]]
            hours = Counter(int(at.timestamp()) // 3600 * 3600 for at in before)
            aside += len(judged(by_day[today], usual(hours.items(), UTC, today, idle_days=False))[1])
            answers += len(by_day[today])
    figure = f"{aside} of {answers} answers"
    report("honest answers set aside on tablets", figure, "1 in 10,000", holds=aside <= answers / 10_000)
