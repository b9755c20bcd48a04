"""The usual volume of answers at a touchpoint, by its last 28 days, and the limit beyond which it is a flood. Pure.

A median of the days does not follow a flood: what one attack leaves uncaught on its day moves none of the limits of the
next. Today is never looked at, and answers that were set aside do not count. See decision 0025.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from math import ceil
from statistics import median

DAYS = 28
LEAST, LEAST_WHEN_NEW = 30, 100  # a touchpoint whose first day this is has nothing to compare with
TIMES_USUAL = 3
FROM_ONE = 3  # answers of one network that stand within ten minutes of a flood
PER_DAY, PART_OF_DAY = 10, 20  # answers of one network that count on a day: ten, or a twentieth of a usual one


@dataclass(frozen=True, slots=True)
class Usual:
    """`limit` answers may come within ten minutes, and `a_day` from one network within a day, without a closer look."""

    limit: int = LEAST_WHEN_NEW
    a_day: int = PER_DAY


def usual(hours: Iterable[tuple[int, int]], zone: tzinfo, today: date, *, idle_days: bool = True) -> Usual:
    """By (start of a local hour in seconds, answers in it): hours of `today` and later are left out.

    Days without an answer count as such, from the first day that had any; or they are left out.
    """
    busiest: dict[date, int] = defaultdict(int)
    together: dict[date, int] = defaultdict(int)
    for bucket, n in hours:
        day = datetime.fromtimestamp(bucket, zone).date()
        if day < today:
            busiest[day], together[day] = max(busiest[day], n), together[day] + n
    if not busiest:
        return Usual()
    idle = [0] * ((today - min(busiest)).days - len(busiest)) if idle_days else []
    hour = min(max(busiest.values()), TIMES_USUAL * median([*busiest.values(), *idle]))
    a_day = median([*together.values(), *idle]) / PART_OF_DAY
    return Usual(max(LEAST, ceil(hour)), max(PER_DAY, ceil(a_day)))


def part_of(most: int, share: float, least: int = 1) -> int:
    """How much of a limit falls to a process that sees this share of the answers."""
    return max(least, ceil(most * share))
