"""The touchpoints that a form offers to choose from."""

from collections.abc import Collection

from sqlmodel import Session

from app.dashboard.localized import Localized
from app.touchpoints import registry


def touchpoints(session: Session, words: Localized, chosen: Collection[str] = ()) -> dict[str, str]:
    """Names by key of those in use, and of those chosen before that are archived by now; in the order of the names."""
    rows = registry.find(session, limit=10_000, archived=None)
    names = {row.key: words.own(row.name) for row in rows if row.archived_at is None or row.key in chosen}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))
