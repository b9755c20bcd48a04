"""Looks for words in all that people work with: touchpoints, comments, alerts, actions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.actions import actions
from app.answers import listing
from app.answers.schemas import AnswerFilter
from app.folding import words
from app.models import Touchpoint, now
from app.monitoring import alerts

SCOPES = {
    "touchpoints": "touchpoints:read",
    "comments": "feedback:read",
    "alerts": "alerts:read",
    "actions": "actions:read",
}
MOST = 1000  # a count goes no further, and of alerts and actions the newest so many are looked through
Named = dict[str, tuple[dict[str, Any], list[str]]]  # by key: what is shown of a touchpoint, and its words


def search(session: Session, q: str, limit: int, may: Callable[[str], bool]) -> dict[str, Any]:
    """At most `limit` of each kind whose words begin with those of `q`, and how many there are; None: may not."""
    wanted = words(q)
    named = _touchpoints(session)
    look: dict[str, Callable[[], tuple[int, list[Any]]]] = {
        "touchpoints": lambda: _first([shown for shown, said in named.values() if _holds(said, wanted)], limit),
        "comments": lambda: _comments(session, q, limit),
        "alerts": lambda: _first(_alerts(session, named, wanted), limit),
        "actions": lambda: _first(_actions(session, named, wanted), limit),
    }
    found: dict[str, Any] = {"q": q}
    for kind, scope in SCOPES.items():
        count, items = look[kind]() if may(scope) else (0, [])
        found[kind] = {"count": count, "items": items} if may(scope) else None
    return found


def _first(found: Sequence[Any], limit: int) -> tuple[int, list[Any]]:
    return min(len(found), MOST), list(found[:limit])


def _holds(said: Iterable[str], wanted: Sequence[str]) -> bool:
    """Whether each wanted word is the beginning of a word that is said."""
    said = list(said)
    return bool(wanted) and all(any(word.startswith(one) for word in said) for one in wanted)


def _touchpoints(session: Session) -> Named:
    """All touchpoints, those in use first."""
    columns: Any = (Touchpoint.key, Touchpoint.name, Touchpoint.owner, Touchpoint.tags, Touchpoint.archived_at)
    order = col(Touchpoint.archived_at).is_not(None), col(Touchpoint.key)
    found: Named = {}
    for key, name, owner, tags, archived_at in session.execute(select(*columns).order_by(*order)):
        shown = {"key": key, "name": name, "owner": owner, "archived_at": archived_at}
        found[key] = shown, words(" ".join([key, *name.values(), owner or "", *tags]))
    return found


def _comments(session: Session, q: str, limit: int) -> tuple[int, list[dict[str, Any]]]:
    query = AnswerFilter(q=q)
    counted = listing.listing(session, query).order_by(None).limit(MOST).subquery()
    count = session.execute(sa_select(func.count()).select_from(counted)).scalar_one()
    return count, listing.newest(session, query, limit, None)[0] if count else []


def _alerts(session: Session, named: Named, wanted: Sequence[str]) -> list[dict[str, Any]]:
    rows = alerts.page(session, None, MOST, state=None, kind=None)
    return [row for row in rows if _holds([*_of(named, [row["touchpoint"]]), *_texts(row)], wanted)]


def _texts(row: Mapping[str, Any]) -> list[str]:
    said = (row["journey"] or "", *row["called"].values(), *(one["text"] for one in row["comments"]))
    return words(" ".join([row["kind"], *said]))


def _actions(session: Session, named: Named, wanted: Sequence[str]) -> list[dict[str, Any]]:
    at = now()
    rows = [actions.public(row, at) for row in actions.page(session, at, None, MOST)]
    return [row for row in rows if _holds([*_own(row), *_of(named, row["touchpoints"])], wanted)]


def _own(row: Mapping[str, Any]) -> list[str]:
    return words(" ".join(row[name] or "" for name in ("title", "owner", "note")))


def _of(named: Named, keys: Iterable[str | None]) -> list[str]:
    """The words of these touchpoints."""
    return [word for key in keys if key in named for word in named[key][1]]
