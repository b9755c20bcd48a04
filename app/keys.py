"""API keys over HTTP: create (shown once), list, revoke."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from app import auth
from app.auth import Caller, KeyedRoute, needs
from app.errors import Code, Place, Problem
from app.models import ApiKey, now
from app.sanitize import PLAIN, plain_text
from app.state import Db
from app.timestamps import Time

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=KeyedRoute)


def _known_scope(scope: str) -> str:
    if scope not in auth.SCOPES:
        raise ValueError(f"unknown scope; the scopes are {', '.join(auth.SCOPES)}")
    return scope


KeyId = Annotated[int, Path(ge=1, lt=2**31)]
Scope = Annotated[str, Field(json_schema_extra={"enum": list(auth.SCOPES)}), AfterValidator(_known_scope)]


class KeyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=PLAIN), AfterValidator(plain_text)]
    scopes: list[Scope] = Field(min_length=1, max_length=20)
    expires_at: Time | None = None
    touchpoint: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")] | None = Field(
        None, description="where answers go that its client sends without naming a touchpoint (/compat/delighted)"
    )


class KeyOut(BaseModel):
    id: int
    name: str
    prefix: str = Field(description="how the key begins, to tell keys apart")
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: Any = Field(description="the day of the last use, or null")
    made_by: int | None = Field(description="the id of the key it was made with; null for the operator's own")
    touchpoint: str | None = Field(description="where its answers go that name no touchpoint")


class NewKey(KeyOut):
    key: str = Field(description="the key itself; it is shown this once")


class KeyList(BaseModel):
    items: list[KeyOut]
    next_cursor: str | None = None


def _public(row: ApiKey) -> dict[str, Any]:
    return row.model_dump(exclude={"hash", "scopes"}) | {"scopes": row.scopes.split()}


def all_keys(session: Session) -> list[dict[str, Any]]:
    """Every key, newest first, without what would let anybody use it."""
    return [_public(row) for row in session.exec(select(ApiKey).order_by(col(ApiKey.id).desc()))]


def make(session: Session, wanted: KeyIn, caller: Caller) -> tuple[str, dict[str, Any]]:
    """A key in clear, shown this once, and what may be seen of it. It may no more than its maker and ends with it.

    Problem scope_missing for a scope that the maker lacks, key_invalid when his key has ended, invalid_request for a
    key that would outlive it.
    """
    beyond = [scope for scope in wanted.scopes if not caller.may(scope)]
    if beyond:
        raise Problem(Code.SCOPE_MISSING, f"This key cannot give scopes it lacks: {', '.join(beyond)}.")
    ends = _end(session, wanted.expires_at and wanted.expires_at.astimezone(UTC), caller)
    key, row = auth.create_key(session, wanted.name, tuple(wanted.scopes), ends, caller.key_id, wanted.touchpoint)
    return key, _public(row)


def _end(session: Session, wanted: datetime | None, caller: Caller) -> datetime | None:
    """When a key made by `caller` ends: as wanted, or with its maker."""
    if caller.key_id is None:
        return wanted
    # Locked, so that a maker who is revoked at this moment takes the new key along or does not get it.
    valid = select(ApiKey).where(ApiKey.id == caller.key_id, auth.valid_now()).with_for_update()
    maker = session.exec(valid).first()
    if maker is None:
        raise Problem(Code.KEY_INVALID, "This key is not known, was revoked or has expired.")
    if wanted and maker.expires_at and wanted > maker.expires_at:
        mend = f"Leave it out, or give {maker.expires_at.isoformat()} or earlier."
        place = Place(place="body.expires_at", message="is later than the end of the key that makes it", mend=mend)
        raise Problem(Code.INVALID_REQUEST, "A key cannot outlive the one it is made with.", errors=[place])
    return wanted or maker.expires_at


def revoke(session: Session, key_id: int, caller: Caller = auth.SETTINGS_CALLER) -> dict[str, Any]:
    """Make a key, and all that were made with it, useless from now on.

    Problem not_found for an unknown one, scope_missing unless the caller may all that the key may.
    """
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no such key.")
    if missing := [scope for scope in row.scopes.split() if not caller.may(scope)]:
        raise Problem(Code.SCOPE_MISSING, f"Revoking this key takes the scopes it has; missing: {', '.join(missing)}.")
    at = now()
    for each in (row, *_descendants(session, key_id)):
        each.revoked_at = each.revoked_at or at
    return _public(row)


def _descendants(session: Session, key_id: int) -> Iterator[ApiKey]:
    """The keys made with this one, with those, and so on."""
    for child in session.exec(select(ApiKey).where(ApiKey.made_by == key_id).with_for_update()).all():
        yield child
        yield from _descendants(session, child.id or 0)


@router.post("", status_code=201)
async def create_key(body: KeyIn, db: Db, caller: Annotated[Caller, Depends(needs("keys:write"))]) -> NewKey:
    """Make a key. It may no more than the key it is made with, and ends with it at the latest."""
    key, row = await db.write(lambda session: make(session, body, caller))
    return NewKey(key=key, **row)


@router.get("", dependencies=[Depends(needs("keys:read"))])
async def list_keys(db: Db) -> KeyList:
    return KeyList.model_validate({"items": await db.read(all_keys)})


@router.delete("/{key_id}")
async def revoke_key(
    key_id: KeyId, db: Db, request: Request, caller: Annotated[Caller, Depends(needs("keys:write"))]
) -> KeyOut:
    """End a key and those made with it. It takes the rights of what is ended."""
    row = await db.write(lambda session: revoke(session, key_id, caller))
    request.app.state.keys.forget()
    return KeyOut.model_validate(row)
