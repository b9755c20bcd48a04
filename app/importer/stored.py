"""What the database has of imports: to be held against the file."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlmodel import Session, col, select

from app.importer.labels import Scales
from app.models import OwnScale, Rollup, Touchpoint
from app.touchpoints.own_scales import copied


class Stored(NamedTuple):
    """Counted answers out of files at one touchpoint, and the mean of those with a rating."""

    answers: int
    mean: float | None


def scales(session: Session) -> Scales:
    """The scales of all touchpoints, and the company's own ones."""
    of = dict(session.exec(select(Touchpoint.key, Touchpoint.scale)).all())
    return Scales(of, {row.key: copied(row) for row in session.exec(select(OwnScale))})


def imported_counts(session: Session, keys: Iterable[str]) -> dict[str, Stored]:
    """What of the touchpoints `keys` came out of files."""
    wanted = set(keys)
    of_imports = (Rollup.grain == "total", Rollup.source == "import", Rollup.slice == "counted")
    rows = session.exec(
        select(Touchpoint.key, Rollup).join(Rollup, col(Rollup.touchpoint_id) == col(Touchpoint.id)).where(*of_imports)
    )
    return {key: _stored(row) for key, row in rows if key in wanted}


def _stored(row: Rollup) -> Stored:
    counts = [getattr(row, f"n{rating}") for rating in range(11)]
    rated = sum(counts)
    total = sum(rating * count for rating, count in enumerate(counts))
    return Stored(row.n, total / rated if rated else None)
