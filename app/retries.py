"""When to try again what could not be sent: a webhook's event, a mail. Pure, but for the dice it is given."""

from collections.abc import Callable
from datetime import datetime, timedelta

# Standard Webhooks: the first try at once, the last 75.6 hours later; each wait by up to a fifth longer or shorter, so
# that what failed together does not come back together.
SCHEDULE = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
JITTER = 0.2


def next_try(failures: int, at: datetime, retry_after: int | None, dice: Callable[[], float]) -> datetime | None:
    """When to try again after so many failures, or None to give up; `dice` gives a number from 0 to 1."""
    if failures > len(SCHEDULE):
        return None
    wait = SCHEDULE[failures - 1] * (1 + JITTER * (2 * dice() - 1))
    return at + max(wait, timedelta(seconds=retry_after or 0))
