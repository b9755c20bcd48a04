"""Whether a level changed for real, as the monitoring found it: that of a touchpoint, or of a whole journey."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from app.models import Alert, Journey

_DIRECTIONS = {"drop": "down", "rise": "up"}
_STANDS = col(Alert.closed_at).is_(None) & col(Alert.kind).in_(_DIRECTIONS)
_SAID: Any = (Alert.id, Alert.kind, Alert.since, Alert.evidence)
_THESE = _STANDS & col(Alert.touchpoint_id).in_(bindparam("ids", expanding=True))
_OF = select(Alert.touchpoint_id, *_SAID).where(_THESE).order_by(col(Alert.id))
_OF_JOURNEY = col(Alert.journey_id) == Journey.id
_OF_JOURNEYS = select(Journey.key, Journey.name, *_SAID).join(Alert, _OF_JOURNEY).where(_STANDS).order_by(col(Alert.id))


class OfJourney(NamedTuple):
    """What a journey is called, which of its touchpoints moved together, and the change, as that of a touchpoint."""

    called: Mapping[str, str]
    touchpoints: frozenset[str]
    change: Mapping[str, Any]


def of(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """By touchpoint: the change that stands, {direction, since, from, to, alert}, in index points; of two the later."""
    return {number: _public(*said) for number, *said in session.connection().execute(_OF, {"ids": ids})}


def of_journeys(session: Session) -> dict[str, OfJourney]:
    """By journey: the change that stands; of two the later one."""
    return {
        key: OfJourney(called, _moved(said[-1]), _public(*said))
        for key, called, *said in session.connection().execute(_OF_JOURNEYS)
    }


def _public(number: int, kind: str, since: datetime, evidence: Mapping[str, Any]) -> dict[str, Any]:
    ends = {"from": evidence["level_before"], "to": evidence["level_after"]}
    return {"direction": _DIRECTIONS[kind], "since": since, **ends, "alert": number}


def _moved(evidence: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(one["touchpoint"] for one in evidence["touchpoints"])
