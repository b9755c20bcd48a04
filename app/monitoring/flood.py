"""Whether more was set aside within a day than is usual at a touchpoint. Pure."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

DAYS = 28
LEAST = 10  # answers set aside within a day, below which nobody is asked to look
_DEVIATIONS = 6
_LEFT_OUT = 2  # the busiest days: an earlier flood is no measure for the next


def limit(days: Sequence[int]) -> int:
    """How many may be set aside within a day: six deviations more than on the DAYS `days` before.

    The deviation is at least that of chance alone.
    """
    usual = sorted(days)[: len(days) - _LEFT_OUT]
    mean = fmean(usual)
    deviation = sqrt(max(mean, fmean((n - mean) ** 2 for n in usual)))
    return max(LEAST, round(mean + _DEVIATIONS * deviation))
