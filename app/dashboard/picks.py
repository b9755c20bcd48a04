"""The touchpoints and segments that a form offers to choose from."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from app.dashboard import split
from app.dashboard.localized import Localized
from app.models import Segment, Split
from app.scores.segment_values import NONE, OTHER
from app.touchpoints import registry

SEGMENTS_MOST = 400


def touchpoints(session: Session, words: Localized, chosen: Collection[str] = ()) -> dict[str, str]:
    """Names by key of those in use, and of those chosen before that are archived by now; in the order of the names."""
    rows = registry.find(session, limit=10_000, archived=None)
    names = {row.key: words.own(row.name) for row in rows if row.archived_at is None or row.key in chosen}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))


def segments(session: Session, words: Localized, chosen: Collection[str] = ()) -> dict[str, str]:
    """What the counted values of declared keys are called, by segment, and those chosen before; in their order."""
    known = select(Split.key, Segment.value).where(col(Segment.split_id) == Split.id).distinct()
    rows = session.exec(known.where(col(Segment.value).not_in((NONE, OTHER))).limit(SEGMENTS_MOST))
    spoken = split.spoken(session, list(dict.fromkeys([*(f"{key}:{value}" for key, value in rows), *chosen])), words)
    names = {segment: f"{key}: {value}" for segment, (key, value) in spoken.items()}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))
