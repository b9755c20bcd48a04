"""Whom we asked, until he may be asked again: over all touchpoints, and at one that wants longer.

Only a keyed hash of the reference is stored, and only until then; for good of somebody who wants no more questions, and
until it is lifted of somebody whose mailbox is not there.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.models import AskedLately
from app.sql import Bulk

ANYWHERE = 0  # stands in the place of a touchpoint
_FREE = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # until when somebody is left in peace who wants no more questions
BOUNCED = datetime(9998, 1, 1, tzinfo=UTC)  # whose mailbox is not there; before NEVER, which it must not replace
Because = Literal["asked_recently", "unsubscribed", "bounced"]
MARKS: Mapping[datetime | None, Because] = {NEVER: "unsubscribed", BOUNCED: "bounced"}  # hold without a cool-down too
_COLUMNS = {"hash": "text", "touchpoint_id": "int", "again_at": "timestamptz"}
_INTO = (
    "INSERT INTO asked_lately (hash, touchpoint_id, again_at) SELECT hash, touchpoint_id, again_at FROM {r} WHERE true"
)
_ON = "ON CONFLICT (hash, touchpoint_id) DO UPDATE SET again_at"
# Writing what is there already takes the row's lock: of two mailings in the same moment the second waits, then looks.
_LOCK = Bulk(f"{_INTO} {_ON} = asked_lately.again_at", _COLUMNS)
_LATER = "CASE WHEN asked_lately.again_at > excluded.again_at THEN asked_lately.again_at ELSE excluded.again_at END"
_PUT = Bulk(f"{_INTO} {_ON} = {_LATER}", _COLUMNS)
_AT_A_TIME = 400


@dataclass(frozen=True, slots=True)
class Cooldown:
    """How many days lie between two questions to the same person: anywhere (0: any number), and at one touchpoint."""

    touchpoint_id: int
    anywhere: int
    here: int | None

    @property
    def holds(self) -> bool:
        return bool(self.anywhere or self.here)

    def again(self, at: datetime) -> Mapping[int, datetime]:
        """Until when somebody asked `at` is left in peace, anywhere and here."""
        days = {ANYWHERE: self.anywhere, self.touchpoint_id: self.here or 0}
        return {place: at + timedelta(days=n) for place, n in days.items() if n}


def because(again_at: datetime | None) -> Because:
    """Why somebody is left in peace until then; None is of one whom the same mailing asks already."""
    return MARKS.get(again_at, "asked_recently")


def hashed(secret: bytes, respondent: str) -> str:
    """What is stored of a reference."""
    return hmac.digest(secret, b"asked lately\0" + respondent.encode(), "sha256").hex()[:32]


def until(
    session: Session, secrets: Sequence[bytes], respondents: Iterable[str], touchpoint_id: int, at: datetime
) -> dict[str, datetime]:
    """Those who may not be asked here `at` this time, each with when he may be again.

    `secrets` are the one that signs and the one before it, which what was stored before a rotation was hashed with.
    """
    whose = {hashed(secret, respondent): respondent for secret in secrets for respondent in respondents}
    hashes, found = list(whose), dict[str, datetime]()
    for start in range(0, len(hashes), _AT_A_TIME):
        these = col(AskedLately.hash).in_(hashes[start : start + _AT_A_TIME])
        here = col(AskedLately.touchpoint_id).in_((ANYWHERE, touchpoint_id))
        for row in session.exec(select(AskedLately).where(these, here, col(AskedLately.again_at) > at)):
            respondent = whose[row.hash]
            found[respondent] = max(row.again_at, found.get(respondent, row.again_at))
    return found


def ask(
    session: Session,
    secrets: Sequence[bytes],
    respondents: Iterable[str],
    cooldown: Cooldown,
    at: datetime,
    *,
    respect: bool = True,
) -> dict[str, datetime]:
    """Note that these are asked now; those who are not, and when they may be: `MARKS`, or if `respect` later."""
    wanted = set(respondents)
    again = cooldown.again(at)
    if not wanted:
        return {}
    # In the order of the hashes, so that two mailings never wait for each other in a circle.
    if again:
        _LOCK.run(session, sorted((hashed(secrets[0], each), ANYWHERE, _FREE) for each in wanted))
    found = until(session, secrets, wanted, cooldown.touchpoint_id, at)
    left = {each: moment for each, moment in found.items() if respect or moment in MARKS}
    asked = sorted(hashed(secrets[0], each) for each in wanted - left.keys())
    for place, moment in again.items():
        if asked:
            _PUT.run(session, [(each, place, moment) for each in asked])
    return left


def follow(session: Session, secrets: Sequence[bytes], former: Sequence[str], respondent: str, at: datetime) -> None:
    """Leave somebody in peace as long as under his `former` references: they change with the secret."""
    if found := until(session, secrets, former, ANYWHERE, at):
        _PUT.run(session, [(hashed(secrets[0], respondent), ANYWHERE, max(found.values()))])


def never(session: Session, secrets: Sequence[bytes], respondent: str) -> None:
    """Leave somebody in peace for good, at every touchpoint."""
    _PUT.run(session, [(hashed(secrets[0], respondent), ANYWHERE, NEVER)])


def bounced(session: Session, secrets: Sequence[bytes], respondent: str, touchpoint_id: int) -> None:
    """Ask somebody at no touchpoint until it is lifted: a mail found no mailbox.

    It takes the place of the cool-down, here too, for that mail asked nobody.
    """
    whose = hashed(secrets[0], respondent)
    _PUT.run(session, [(whose, place, BOUNCED) for place in (ANYWHERE, touchpoint_id)])


def lift(session: Session, secrets: Sequence[bytes], respondent: str) -> None:
    """Forget that mails to somebody found no mailbox. Who wants no more questions is left in peace all the same."""
    whose = col(AskedLately.hash).in_([hashed(secret, respondent) for secret in secrets])
    session.execute(delete(AskedLately).where(whose, col(AskedLately.again_at) == BOUNCED))


def forget(session: Session, at: datetime) -> None:
    """Delete what nobody is left in peace by any more."""
    session.execute(delete(AskedLately).where(col(AskedLately.again_at) <= at))
