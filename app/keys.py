"""API keys over HTTP: create (shown once), list, revoke."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from app import auth
from app.auth import Caller, KeyedRoute, needs
from app.errors import Code, Problem
from app.models import ApiKey, now
from app.moments import Time
from app.state import Db
from app.texts import PLAIN, plain_text

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


class KeyOut(BaseModel):
    id: int
    name: str
    prefix: str = Field(description="how the key begins, to tell keys apart")
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: Any = Field(description="the day of the last use, or null")


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


def revoke(session: Session, key_id: int) -> dict[str, Any]:
    """Make a key useless from now on; Problem not_found for an unknown one."""
    row = session.get(ApiKey, key_id)
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no such key.")
    row.revoked_at = row.revoked_at or now()
    return _public(row)


@router.post("", status_code=201)
async def create_key(body: KeyIn, db: Db, caller: Annotated[Caller, Depends(needs("keys:write"))]) -> NewKey:
    """Make a key. Nobody can give what he does not have himself."""
    beyond = [scope for scope in body.scopes if not caller.may(scope)]
    if beyond:
        raise Problem(Code.SCOPE_MISSING, f"This key cannot give scopes it lacks: {', '.join(beyond)}.")
    expires_at = body.expires_at and body.expires_at.astimezone(UTC)
    key, row = await db.write(lambda s: auth.create_key(s, body.name, tuple(body.scopes), expires_at))
    return NewKey(key=key, **_public(row))


@router.get("", dependencies=[Depends(needs("keys:read"))])
async def list_keys(db: Db) -> KeyList:
    return KeyList.model_validate({"items": await db.read(all_keys)})


@router.delete("/{key_id}", dependencies=[Depends(needs("keys:write"))])
async def revoke_key(key_id: KeyId, db: Db, request: Request) -> KeyOut:
    row = await db.write(lambda session: revoke(session, key_id))
    request.app.state.keys.forget()
    return KeyOut.model_validate(row)
