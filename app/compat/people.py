"""People, unsubscribes, bounces and autopilot, as Delighted's API has them.

Touchstone keeps no people. A person who is created is answered with rating links (asking.py); his id is a hash of his
address, the same each time, and what his answers are found by. Lists of people, unsubscribes and bounces are empty. Of
somebody who unsubscribes, or whose mailbox is not there, a hash is kept, and no link is made for him.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field
from sqlmodel import Session, col, select

from app.auth import Caller, needs
from app.compat import asking, shapes
from app.compat.basic import BasicRoute, place_of
from app.compat.schemas import PersonIn, UnsubscribeIn
from app.cooldown import asked
from app.errors import Code, Place, Problem
from app.ingest import store
from app.mail import rating
from app.models import Feedback, now
from app.secret import pseudonym, pseudonyms
from app.state import Db

router = APIRouter(prefix="/compat/delighted/v1", include_in_schema=False, route_class=BasicRoute)
Links = Annotated[Caller, Depends(needs("links:write"))]
READ, WRITE = Depends(needs("feedback:read")), Depends(needs("feedback:write"))
Platform = Annotated[str, Path(pattern=r"^(email|sms)(\.json)?$")]
Whom = Annotated[str, Field(max_length=500)]
ERASED_AT_ONCE = 1000


@router.post("/people", status_code=201)
async def create_person(request: Request, db: Db, caller: Links, body: PersonIn) -> dict[str, Any]:
    """A person's id, and unless `send` is false his rating links; a mail with them if that is asked for."""
    address = body.email or body.phone_number
    if not address:
        raise _nobody("body.email", "Send an email or a phone_number.")
    secrets = request.app.state.ask_secrets
    number, *former = pseudonyms(secrets, address)
    person = shapes.someone(number, now(), body.model_dump())
    if body.send is False:
        return person | {"links": None}
    if former:
        at = request.app.state.clock()
        await db.write(lambda session: asked.follow(session, secrets, former, number, at))
    known, mails = await place_of(request, db, caller), asking.mails_at(request, caller, body)
    return person | await asking.ask(request, known, number, body, mails)


def _nobody(place: str, mend: str) -> Problem:
    missing = Place(place=place, message="is missing", mend=mend)
    return Problem(Code.INVALID_REQUEST, "Nobody is named.", errors=[missing])


@router.get("/people", dependencies=[READ])
@router.get("/unsubscribes", dependencies=[READ])
@router.get("/bounces", dependencies=[READ])
async def list_nobody() -> list[dict[str, Any]]:
    """Nobody is kept here."""
    return []


@router.delete("/people/{identifier}", status_code=202)
async def delete_person(request: Request, db: Db, caller: Annotated[Caller, WRITE], identifier: Whom) -> dict[str, Any]:
    """Erase a person's answers for good, at the touchpoint of the key; by id, `email:...` or `phone_number:...`."""
    known = await place_of(request, db, caller)
    kind, _, address = identifier.removesuffix(".json").partition(":")
    secrets = request.app.state.ask_secrets
    numbers = pseudonyms(secrets, address) if address else [kind]
    await db.write(lambda session: _forget(session, secrets, numbers))
    theirs = col(Feedback.respondent).in_(numbers)
    wanted = select(Feedback.id).where(col(Feedback.touchpoint_id) == known.id, theirs)

    def work(session: Session) -> int:
        found = session.exec(wanted.limit(ERASED_AT_ONCE)).all()
        for each in found:
            store.erase(session, known.id, each)
        return len(found)

    while await db.write(work) == ERASED_AT_ONCE:
        pass
    return {"ok": True}


def _forget(session: Session, secrets: Sequence[bytes], numbers: Sequence[str]) -> None:
    """What waits for somebody does not go, and that a mail came back is forgotten; an unsubscribe stays."""
    for number in numbers:
        rating.take_back(session, number)  # first: it waits for a mail that comes back in this moment
        asked.lift(session, secrets, number)


@router.delete("/people/{person}/survey_requests/pending", status_code=202, dependencies=[WRITE])
async def delete_pending(request: Request, db: Db, person: Whom) -> dict[str, Any]:
    """A mail that waits for somebody, by his address or his id, does not go."""
    numbers = pseudonyms(request.app.state.ask_secrets, person) if "@" in person else [person]

    def work(session: Session) -> None:
        for number in numbers:
            rating.take_back(session, number)

    await db.write(work)
    return {"ok": True}


@router.post("/unsubscribes", status_code=201, dependencies=[WRITE])
async def unsubscribe(request: Request, db: Db, body: UnsubscribeIn) -> dict[str, Any]:
    """Nobody gets rating links any more who said so, at no touchpoint."""
    address = body.person_email or body.person_phone_number
    person = pseudonym(request.app.state.secret, address) if address else str(body.person_id or "")
    if not person:
        raise _nobody("body.person_email", "Send a person_email, a person_phone_number or a person_id.")
    await db.write(lambda session: asked.never(session, request.app.state.ask_secrets, person))
    return {"ok": True}


@router.get("/autopilot/{platform}", dependencies=[READ])
async def read_autopilot(platform: Platform) -> dict[str, Any]:
    """It is not running."""
    at = shapes.seconds(now())
    kind = platform.removesuffix(".json")
    return {"platform_id": kind, "active": False, "frequency": 0, "created_at": at, "updated_at": at}


@router.get("/autopilot/{platform}/memberships", dependencies=[READ])
async def list_members(platform: Platform) -> list[dict[str, Any]]:
    return []


@router.post("/autopilot/{platform}/memberships", status_code=201, dependencies=[WRITE])
@router.delete("/autopilot/{platform}/memberships", status_code=202, dependencies=[WRITE])
async def put_member(request: Request, platform: Platform, body: dict[str, Any]) -> dict[str, Any]:
    """Accepted, and nobody is asked by it."""
    at = now()
    said = {name: str(body[each]) for name, each in _OF_A_MEMBER if body.get(each)}
    address = said.get("email") or said.get("phone_number") or str(body.get("person_id", ""))
    person = shapes.someone(pseudonym(request.app.state.secret, address), at, said)
    when = {"created_at": shapes.seconds(at), "updated_at": shapes.seconds(at)}
    return when | {"person": person, "next_survey_request": None}


_OF_A_MEMBER = (
    ("email", "email"), ("phone_number", "phone_number"), ("name", "name"),
    ("email", "person_email"), ("phone_number", "person_phone_number"),
)  # fmt: skip
