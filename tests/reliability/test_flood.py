"""A flood does not move a score, and plausible traffic is not taken for one. The clock is simulated."""

import math
import random
from bisect import bisect
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from app.db import open_database
from app.ids import uuid7
from app.ingest.channels import WEB, Answer
from app.ingest.flood import Floods, Recent, limit
from app.ingest.store import store
from app.scores.schemas import ScoreQuery
from app.scores.serve import one
from app.touchpoints.registry import create, known
from app.touchpoints.schemas import TouchpointIn
from tests.reliability.report import report

NOW = datetime.now(UTC).replace(minute=10, second=0, microsecond=0) - timedelta(hours=1)
BY_HOUR = [
    0.1,
    0.05,
    0.05,
    0.05,
    0.1,
    0.2,
    0.5,
    0.9,
    1.3,
    1.6,
    1.8,
    1.9,
    2.0,
    1.8,
    1.7,
    1.6,
    1.6,
    1.7,
    1.8,
    1.6,
    1.2,
    0.9,
]
BY_HOUR += [0.5, 0.25]
BY_WEEKDAY = [1.1, 1.1, 1.0, 1.0, 1.2, 0.9, 0.7]
PER_DAY = (2, 10, 50, 200, 700, 2000)


def poisson(mean: float, chance: random.Random) -> int:
    """A Poisson number; the normal approximation above 50."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    product, count, floor = chance.random(), 0, math.exp(-mean)
    while product > floor:
        product *= chance.random()
        count += 1
    return count


def traffic(per_day: float, start: datetime, days: int, chance: random.Random) -> list[datetime]:
    """Times of answers: Poisson within each hour, by the pattern of hour and weekday."""
    found = []
    for hour in range(days * 24):
        at = start + timedelta(hours=hour)
        mean = per_day * BY_WEEKDAY[at.weekday()] * BY_HOUR[at.hour] / sum(BY_HOUR)
        found += [at + timedelta(seconds=chance.random() * 3600) for _ in range(poisson(mean, chance))]
    return sorted(found)


def answer(touchpoint: int, at: datetime, rating: int, zone) -> Answer:
    return Answer(touchpoint, uuid7(), rating, None, "", WEB, "", None, None, None, at, at, zone=zone)


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("per_day", PER_DAY)
async def test_five_hundred_one_star_answers_in_ten_minutes(sqlite_url, per_day, guarded):
    chance, db = random.Random(per_day), open_database(sqlite_url)
    place = known(await db.write(lambda session: create(session, TouchpointIn(key="shop"))))
    times = traffic(per_day, NOW - timedelta(days=28), 28, chance)
    honest = [answer(place.id, at, chance.choice((3, 4, 4, 5, 5, 5)), place.zone) for at in times if at < NOW]
    for start in range(0, len(honest), 1000):
        part = honest[start : start + 1000]
        await db.write(lambda session, part=part: store(session, part))

    def mean(session: Session) -> float:
        return float(one(session, place, ScoreQuery())["metrics"]["mean"]["value"])

    before = await db.read(mean)
    floods, first = Floods(db), 0.0
    for number in range(500):
        false = answer(place.id, NOW + timedelta(seconds=number * 1.2), 1, place.zone)
        earlier = await floods.note(place, false) if guarded else []
        await db.write(lambda session, false=false: store(session, [false]))
        await floods.flag(earlier)
        if earlier:
            first = number * 1.2
    moved = abs(await db.read(mean) - before)
    await db.close()
    if guarded:
        figure = f"moved by {moved:.3f} stars, seen after {first:.0f} s"
        report(f"500 one-star answers, {per_day} a day before", figure, "0.1", holds=moved <= 0.1 and first > 0)
    elif per_day <= 200:
        assert moved > 0.1, "the control did not fail: the proof proves nothing"


def test_a_thousand_touchpoint_days_of_plausible_traffic_are_not_a_flood():
    """By the rule alone: the busiest hour of the 28 days before each day, and the ten minutes before each answer."""
    chance, days, false = random.Random(7), 0, 0
    while days < 1000:
        times = traffic(PER_DAY[days // 112 % len(PER_DAY)], NOW - timedelta(days=140), 140, chance)
        hours = Counter(int((at - NOW).total_seconds() // 3600) for at in times)
        for today in range(-112, 0):
            busiest = max((n for hour, n in hours.items() if (today - 28) * 24 <= hour < today * 24), default=0)
            recent, begin = Recent(limit=max(30, busiest)), NOW + timedelta(days=today)
            within = times[bisect(times, begin) : bisect(times, begin + timedelta(days=1))]
            false += any(recent.note(UUID(int=number), at)[0] for number, at in enumerate(within))
            days += 1
    figure = f"{false} in {days} touchpoint-days"
    report("false flood flags in plausible traffic", figure, "1 in 1,000", holds=false <= 1)


async def test_a_repeated_answer_keeps_its_verdict_and_the_limit_is_the_busiest_hour(sqlite_url):
    recent = Recent(limit=3)
    numbers = [uuid7() for _ in range(5)]
    said = [recent.note(number, NOW + timedelta(seconds=place)) for place, number in enumerate(numbers)]
    assert [flood for flood, _ in said] == [False, False, False, True, True]
    assert said[3][1] == numbers[:3] and said[4][1] == []
    assert recent.note(numbers[0], NOW + timedelta(seconds=9)) == (True, [])
    assert recent.note(uuid7(), NOW + timedelta(minutes=11)) == (False, [])
    db = open_database(sqlite_url)
    place = known(await db.write(lambda session: create(session, TouchpointIn(key="shop"))))
    assert await db.read(lambda session: limit(session, place.id, NOW)) == 100
    busy = [answer(place.id, NOW - timedelta(days=2, seconds=n), 5, place.zone) for n in range(80)]
    await db.write(lambda session: store(session, busy))
    assert await db.read(lambda session: limit(session, place.id, NOW)) == 80
    await db.close()
