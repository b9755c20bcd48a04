"""Hours that brought far more answers than usual, and all of them count: somebody should know.

They came from many networks, and numbers cannot tell a crowd from a flood. The page says how many, and what the index
is with and without these hours; one press sets them aside, and another lets them count again (`bursts.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import pydantic
from fastapi import APIRouter
from markupsafe import Markup
from sqlalchemy import bindparam, text
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.answers.many import replace_flag
from app.answers.schemas import ManyFlagsIn
from app.dashboard.levels import Level, index
from app.dashboard.localized import Localized
from app.dashboard.request_context import PageRoute, Posted, Posting
from app.errors import Code, Problem
from app.ingest.flood import read_usual
from app.ingest.usual_volume import LEAST
from app.scores.buckets import to_time
from app.scores.counts import Counts, add
from app.scores.slices import COUNTS
from app.state import Db

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_DAYS = 3
_TIMES = 2  # an hour with more than twice what ten minutes may bring
_MOST = 3
_HOURS = text(
    f"SELECT touchpoint_id, bucket, {', '.join(f'CAST(SUM({n}) AS bigint)' for n in COUNTS)} FROM rollup "  # noqa: S608
    "WHERE touchpoint_id IN :ids AND grain = 'hour' AND bucket >= :since AND slice = 'counted' "
    "AND source IN ('web', 'page') GROUP BY touchpoint_id, bucket HAVING SUM(n) > :least ORDER BY touchpoint_id, bucket"
).bindparams(bindparam("ids", expanding=True))


@dataclass(frozen=True, slots=True)
class Rush:
    """So many answers came in hours with more than `usual` each; times in seconds, the end exclusive."""

    standing: Level
    since: int
    until: int
    counts: Counts
    usual: int

    def says(self, t: Localized) -> Markup:
        """When it was, from what number on an hour is unusual, and the index with and without it."""
        scale, now = self.standing.known.scale, self.standing.now
        rest = tuple(max(0, every - here) for every, here in zip(now, self.counts, strict=True))
        both = index(scale, now), index(scale, rest)
        with_, without = (t.number(one.value) if one else "–" for one in both)
        moment = datetime.fromtimestamp(self.since, self.standing.known.zone)
        when = f"{t.short_day(moment.date())}, {moment:%H:%M}"
        return t("rush.says", when=when, usual=t.number(self.usual), having=with_, without=without)


def rushes(session: Session, standings: Sequence[Level], now: int) -> list[Rush]:
    """The unusual hours of the last days, the latest first, those that follow each other together; a handful."""
    by_id = {standing.known.id: standing for standing in standings}
    if not by_id:
        return []
    what = {"ids": list(by_id), "since": now - _DAYS * 86_400, "least": _TIMES * LEAST}
    rows = session.connection().execute(_HOURS, what).all()
    found = []
    for number, group in groupby(rows, key=lambda row: row[0]):
        hours = list(group)
        standing = by_id[number]
        # What was usual before it began: of the days that follow, the rush is itself a part.
        its_day = datetime.fromtimestamp(hours[0][1], standing.known.zone).date()
        most = _TIMES * read_usual(session, standing.known, its_day).limit
        much = [row for row in hours if row[2] > most]
        if much:
            counts = add(tuple(row[2:]) for row in much)
            found.append(Rush(standing, much[0][1], much[-1][1] + 3600, counts, most))
    return sorted(found, key=lambda rush: -rush.until)[:_MOST]


@router.post("/touchpoints/{key}/rushes")
async def set_aside(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Set the answers of a rush aside, those that came without a key; each stays and can be let count again."""
    posting.visit.need("feedback:write")
    try:
        since, until = (to_time(int(posting.get(name))) for name in ("since", "until"))
        for source in ("web", "page"):
            which = {"touchpoint": key, "flag": None, "source": source, "since": since, "until": until}
            await replace_flag(db, ManyFlagsIn.model_validate(which | {"flags": ["burst"]}))
    except (ValueError, OverflowError, OSError, pydantic.ValidationError):
        raise Problem(Code.INVALID_REQUEST, "This period is not known.") from None
    return RedirectResponse("/", 303)
