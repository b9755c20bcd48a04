"""Authentication and authorization: API keys with scopes, kept as hashes, shown once."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from sqlalchemy import ColumnElement, and_, update
from sqlmodel import Session, col, select

from app.db import Database
from app.errors import Code, Problem
from app.models import ApiKey, Device, now
from app.settings import Settings

KEY_PREFIX, DEVICE_PREFIX = "tsk_", "tsd_"
BEARER = HTTPBearer(scheme_name="key", description="An API key; the operation names the scope.", auto_error=False)
ADMIN, MAILS = "admin", "mails:send"
SCOPES = (
    ADMIN,
    "touchpoints:read",
    "touchpoints:write",
    "feedback:read",
    "feedback:write",
    "scores:read",
    "links:write",
    MAILS,
    "keys:read",
    "keys:write",
    "devices:read",
    "devices:write",
    "journeys:read",
    "journeys:write",
    "actions:read",
    "actions:write",
    "alerts:read",
    "alerts:write",
    "webhooks:read",
    "webhooks:write",
    "subscribers:read",
    "subscribers:write",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who showed a valid key."""

    name: str
    scopes: frozenset[str]
    key_id: int | None = None
    touchpoint: str | None = None

    def may(self, scope: str) -> bool:
        return scope in self.scopes or ADMIN in self.scopes


SETTINGS_CALLER = Caller("admin key of the settings", frozenset({ADMIN}))


def digest(key: str) -> str:
    """What is stored of a key. A key has 190 random bits, so a fast hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def create_key(
    session: Session,
    name: str,
    scopes: tuple[str, ...],
    expires_at: datetime | None = None,
    made_by: int | None = None,
    touchpoint: str | None = None,
) -> tuple[str, ApiKey]:
    """Store a new key; returns it in clear, for the only time, with its row."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        prefix=secret[:12],
        hash=digest(secret),
        name=name,
        scopes=" ".join(scopes),
        expires_at=expires_at,
        made_by=made_by,
        touchpoint=touchpoint,
    )
    session.add(row)
    session.flush()
    return secret, row


def valid_now() -> ColumnElement[bool]:
    """The condition under which a stored key is accepted."""
    alive = col(ApiKey.expires_at).is_(None) | (col(ApiKey.expires_at) > now())
    return and_(col(ApiKey.revoked_at).is_(None), alive)


def find_caller(session: Session, which: ColumnElement[bool]) -> Caller | None:
    row = session.exec(select(ApiKey).where(which, valid_now())).first()
    return Caller(row.name, frozenset(row.scopes.split()), row.id, row.touchpoint) if row else None


def note_use(session: Session, key_id: int) -> None:
    """Remember the day a key was last used: enough to find forgotten keys, too little to track people."""
    today = datetime.now(UTC).date()
    session.execute(update(ApiKey).where(col(ApiKey.id) == key_id).values(last_used_on=today))


class Keys:
    """Callers by key, cached for a second, so that a revoked key stops within one."""

    CACHE_S = 1.0
    CACHE_MAX = 10_000

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._admin = digest(settings.admin_key.get_secret_value()) if settings.admin_key else None
        self._cache: dict[str, tuple[float, Caller]] = {}
        self._used: dict[int, int] = {}

    async def caller(self, authorization: str | None) -> Caller | None:
        """The caller behind an Authorization header; None without one; Problem key_invalid for a wrong one."""
        if not authorization:
            return None
        scheme, key = get_authorization_scheme_param(authorization)
        hashed = digest(key)
        if self._admin and hmac.compare_digest(hashed, self._admin):
            return SETTINGS_CALLER
        if key.startswith(DEVICE_PREFIX):
            raise Problem(Code.SCOPE_MISSING, "A tablet's key may only send answers and the tablet's state.")
        found = None
        if scheme.lower() == "bearer" and key.startswith(KEY_PREFIX):
            found = await self._cached(hashed, col(ApiKey.hash) == hashed)
        if found is None:
            raise Problem(Code.KEY_INVALID, "This key is not known, was revoked or has expired.")
        return found

    def subject(self, caller: Caller) -> str:
        """What a session remembers of a caller: the id of its key, or a fingerprint of the settings' admin key."""
        return str(caller.key_id) if caller.key_id is not None else digest(self._admin or "")[:16]

    async def by_subject(self, subject: str) -> Caller | None:
        """The caller a session remembers, as long as its key is valid."""
        if self._admin and hmac.compare_digest(subject.encode(), self.subject(SETTINGS_CALLER).encode()):
            return SETTINGS_CALLER
        if not subject.isdecimal() or len(subject) > 9:
            return None
        return await self._cached(f"id {subject}", col(ApiKey.id) == int(subject))

    async def _cached(self, hashed: str, which: ColumnElement[bool]) -> Caller | None:
        at, caller = self._cache.get(hashed, (0.0, None))
        if caller:
            if time.monotonic() - at < self.CACHE_S:
                return caller
            self._cache[hashed] = (time.monotonic(), caller)  # one request looks again, the others go on
        found = await self._db.read(lambda session: find_caller(session, which))
        self._cache.pop(hashed, None)
        if found:
            if len(self._cache) >= self.CACHE_MAX:
                self._cache.clear()
            self._cache[hashed] = (time.monotonic(), found)
            await self._note_use(found)
        return found

    async def _note_use(self, caller: Caller) -> None:
        today = datetime.now(UTC).toordinal()
        if caller.key_id is not None and self._used.get(caller.key_id) != today:
            key_id = caller.key_id
            self._used[key_id] = today
            await self._db.write(lambda session: note_use(session, key_id))

    def forget(self) -> None:
        """Drop the cache: a key was revoked in this process."""
        self._cache.clear()


async def authorize(request: Request, scope: str) -> Caller:
    """The caller of `request`, who must have `scope`; Problem key_required, key_invalid or scope_missing."""
    caller: Caller | None = await request.app.state.keys.caller(request.headers.get("authorization"))
    if caller is None:
        raise Problem(Code.KEY_REQUIRED, "Send a key as `Authorization: Bearer tsk_...`.")
    if not caller.may(scope):
        raise Problem(Code.SCOPE_MISSING, f"This key lacks the scope {scope}.")
    return caller


_CHECKS: dict[Callable[..., Any], Callable[[Request], Awaitable[object]]] = {}  # of dependencies, for KeyedRoute


def needs(scope: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency that lets only callers with `scope` pass; the OpenAPI document names the scope."""

    async def dependency(request: Request, _: Annotated[object, Security(BEARER, scopes=[scope])]) -> Caller:
        return await authorize(request, scope)

    _CHECKS[dependency] = lambda request: authorize(request, scope)
    return dependency


class KeyedRoute(APIRoute):
    """Asks for the key before it reads the body, which FastAPI would read first: strangers are not listened to."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        calls = [dependency.call for dependency in self.dependant.dependencies if dependency.call]
        checks = [_CHECKS[call] for call in calls if call in _CHECKS]

        async def handler(request: Request) -> Response:
            for check in checks:
                await check(request)
            return await answer(request)

        return handler


def shows_device_key(request: Request) -> bool:
    """Whether the request comes with a tablet's key, valid or not."""
    scheme, key = get_authorization_scheme_param(request.headers.get("authorization"))
    return scheme.lower() == "bearer" and key.startswith(DEVICE_PREFIX)


async def authorize_device(request: Request) -> Device:
    """The tablet that sent `request`; Problem key_required, key_invalid or device_revoked.

    Not cached: a tablet calls once a minute, and a revoked one must lock at once.
    """
    if isinstance(known := getattr(request.state, "device", None), Device):
        return known
    if not shows_device_key(request):
        raise Problem(Code.KEY_REQUIRED, "Send the tablet's key as `Authorization: Bearer tsd_...`.")
    _, key = get_authorization_scheme_param(request.headers["authorization"])
    same = Device.key_hash == digest(key)
    device: Device | None = await request.app.state.db.read(
        lambda session: session.exec(select(Device).where(same)).first()
    )
    if device is None:
        raise Problem(Code.KEY_INVALID, "This tablet's key is not known, or the tablet was paired anew.")
    if device.revoked_at is not None:
        raise Problem(Code.DEVICE_REVOKED, "This tablet was revoked. Pair it again to go on with its answers.")
    request.state.device = device
    return device


_CHECKS[authorize_device] = authorize_device
