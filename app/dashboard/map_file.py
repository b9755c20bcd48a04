"""The touchpoints of the map as a file, in the order and with the filters of the page, figures as the API says them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from app.dashboard.groups import Change
from app.dashboard.levels import Level
from app.dashboard.localized import Localized
from app.dashboard.table_file import figures, table

COLUMNS = (
    *("touchpoint", "name", "phase", "contact", "channel", "tags", "owner"),
    *("answers", "index", "low", "high", "place_first", "place_last"),
    *("change", "change_since", "target_metric", "target", "target_status"),
)


def answer(ordered: Sequence[Level], changes: Mapping[int, Change], t: Localized) -> Response:
    return table("touchpoints", COLUMNS, (tuple(_row(one, changes.get(one.known.id), t)) for one in ordered))


def _row(level: Level, change: Change | None, t: Localized) -> Iterator[Any]:
    row, target = level.known.row, level.target or {}
    yield from (row.key, t.own(row.name), row.phase, row.contact, row.channel, " ".join(row.tags), row.owner)
    yield from (level.n, *figures(level.index), *(level.place or (None, None)))
    yield from (change["direction"], change["since"].astimezone(level.known.zone).date()) if change else (None, None)
    yield from (target.get(name) for name in ("metric", "value", "status"))
