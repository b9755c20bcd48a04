"""Touchpoints where more is set aside than usual: somebody should see whether it is an attack or an incident."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import fmean
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Session

from app.monitoring import flood
from app.monitoring.seen import Seen
from app.scores import counts, formulas, score
from app.scores.buckets import hour_start, to_time
from app.scores.counts import Part, ratings
from app.touchpoints.registry import Known

KIND = "flood"
FLAGS = ("flag:burst", "flag:misuse", "flag:spam")  # what is flagged as an attack would be
_DAY, _MONTH = 86_400, 30
_HOURS = text(
    "SELECT touchpoint_id, bucket, slice, CAST(SUM(n) AS bigint) FROM rollup WHERE touchpoint_id IN :ids "
    "AND grain = 'hour' AND bucket >= :since AND bucket < :now AND slice IN :flags AND n > 0 "
    "GROUP BY touchpoint_id, bucket, slice"
).bindparams(bindparam("ids", expanding=True), bindparam("flags", expanding=True))


def look(session: Session, these: Sequence[Known], at: datetime) -> list[Seen]:
    """Where the last 24 hours brought more than usual, and where they did not."""
    now, by_id = int(at.timestamp()), {known.id: known for known in these}
    since = now - (flood.DAYS + 1) * _DAY
    asked = {"ids": list(by_id), "since": since, "now": now, "flags": FLAGS}
    days: dict[int, Counter[int]] = defaultdict(Counter)
    first: dict[int, int] = {}
    for number, hour, _, n in session.execute(_HOURS, asked):
        days[number][(now - hour - 1) // _DAY] += n
        if now - hour <= _DAY:
            first[number] = min(hour, first.get(number, hour))
    return [_seen(session, known, days[known.id], to_time(first.get(known.id, now)), now) for known in these]


def _seen(session: Session, known: Known, days: Mapping[int, int], since: datetime, now: int) -> Seen:
    usual = [days.get(day, 0) for day in range(1, flood.DAYS + 1)]
    there = days.get(0, 0) > flood.limit(usual)
    evidence = _evidence(session, known, usual, now) if there else {}
    return Seen(known.id, KIND, there, since, evidence)


def _evidence(session: Session, known: Known, usual: Sequence[int], now: int) -> dict[str, Any]:
    """How many were set aside, how many of these hours count, and the index of 30 days with and without the former."""
    day = _read(session, known, now, 1)
    aside = {part: given for part, given in day.items() if part[1] in FLAGS}
    flags = Counter[str]()
    for (_, part), given in aside.items():
        flags[part.removeprefix("flag:")] += given[0]
    kept = score.counted(_read(session, known, now, _MONTH))
    every = counts.add([kept, *aside.values()])
    with_, without = (formulas.index_value(known.scale, ratings(some)) for some in (every, kept))
    return {
        "flags": dict(flags),
        "set_aside": flags.total(),
        "usual": round(fmean(usual), 1),
        "kept": score.counted(day)[0],
        "index_with": None if with_ is None else round(with_, 1),
        "index_without": None if without is None else round(without, 1),
    }


def _read(session: Session, known: Known, now: int, days: int) -> Mapping[Part, counts.Counts]:
    until = hour_start(now, known.zone)
    spans = counts.window(hour_start(now - days * _DAY, known.zone), until, known.zone)
    return counts.read(session, [known.id], spans).get(known.id, {})
