"""Whether a level changed for real, as the monitoring found it: that of a touchpoint, or of a whole journey."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from app.models import Alert, Journey

_DIRECTIONS = {"drop": "down", "rise": "up"}
_STANDS = col(Alert.closed_at).is_(None) & col(Alert.kind).in_(_DIRECTIONS)
_SAID: Any = (Alert.id, Alert.kind, Alert.since, Alert.evidence)


class OfJourney(NamedTuple):
    """What a journey is called, which of its touchpoints moved together, and the change, as that of a touchpoint."""

    called: Mapping[str, str]
    touchpoints: frozenset[str]
    change: Mapping[str, Any]


def of(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """By touchpoint: the change that stands, {direction, since, from, to, alert}, in index points; of two the later."""
    wanted = select(Alert.touchpoint_id, *_SAID).where(_STANDS, col(Alert.touchpoint_id).in_(ids))
    return {number: _public(*said) for number, *said in session.execute(wanted.order_by(col(Alert.id)))}


def of_journeys(session: Session) -> dict[str, OfJourney]:
    """By journey: the change that stands; of two the later one."""
    wanted = select(Journey.key, Journey.name, *_SAID).join(Alert, col(Alert.journey_id) == Journey.id).where(_STANDS)
    return {
        key: OfJourney(called, _moved(said[-1]), _public(*said))
        for key, called, *said in session.execute(wanted.order_by(col(Alert.id)))
    }


def _public(number: int, kind: str, since: datetime, evidence: Mapping[str, Any]) -> dict[str, Any]:
    ends = {"from": evidence["level_before"], "to": evidence["level_after"]}
    return {"direction": _DIRECTIONS[kind], "since": since, **ends, "alert": number}


def _moved(evidence: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(one["touchpoint"] for one in evidence["touchpoints"])
