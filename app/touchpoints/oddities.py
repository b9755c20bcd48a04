"""What is odd about a touchpoint without being wrong: its `warnings`."""

from sqlmodel import Session

from app.errors import Place
from app.models import Touchpoint
from app.scores import splits
from app.touchpoints.questions import misfits
from app.touchpoints.scales import scale_of


def of(session: Session, row: Touchpoint) -> list[Place]:
    """Questions that do not fit the scale, and segment keys with too many values."""
    crowded = [
        Place(
            place=f"body.segments.{row.segments.index(key)}",
            message=f"{key} has more than {most} values: further ones count as `other`",
            mend="Send values that many answers share, then count anew: touchstone rollup rebuild --segment.",
        )
        for key, most in (splits.crowded(session, row.id or 0) if row.segments else ())
    ]
    alone = [
        Place(
            place=f"body.open_segments.{place}",
            message=f"{key} is not among `segments`, so it is not counted",
            mend="Declare it there, or leave it out here.",
        )
        for place, key in enumerate(row.open_segments)
        if key not in row.segments
    ]
    return [*misfits(row.question, scale_of(row)), *crowded, *alone]
