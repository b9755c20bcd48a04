"""Tablets over HTTP: for whoever runs them, and for the tablet itself."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from sqlmodel import Session, col, select

from app import paging
from app.auth import KeyedRoute, authorize_device, needs
from app.devices import asked, tablets
from app.devices.pairing import new_code, pair
from app.devices.schemas import (
    Config,
    DeviceIn,
    DeviceList,
    DeviceOut,
    DevicePatch,
    Heartbeat,
    NewPairing,
    Paired,
    Pairing,
)
from app.fast_routes import problems
from app.models import Device, Touchpoint
from app.pages.choices import drawn
from app.pages.i18n import direction, messages
from app.state import Db
from app.touchpoints import ways
from app.touchpoints.scales import scale_of

router = APIRouter(prefix="/v1/devices", tags=["devices"], route_class=KeyedRoute)
READ, WRITE = Depends(needs("devices:read")), Depends(needs("devices:write"))

Number = Annotated[int, Path(ge=1, lt=2**31)]


def _out(row: Device) -> DeviceOut:
    return DeviceOut.model_validate(tablets.shown(row, datetime.now(UTC)))


def _with_code(row: Device, code: str) -> NewPairing:
    return NewPairing(**_out(row).model_dump(), pairing_code=code)


@router.post("", status_code=201, dependencies=[WRITE])
async def create_device(body: DeviceIn, db: Db, request: Request) -> NewPairing:
    """Register a tablet. Type the code on the tablet, at /kiosk, within ten minutes."""

    def work(session: Session) -> tuple[Device, str]:
        row = tablets.create(session, body)
        return row, new_code(session, request.app.state.secret, row)

    return _with_code(*await db.write(work))


@router.get("", dependencies=[READ])
async def list_devices(db: Db, limit: paging.Limit = 50, cursor: paging.Cursor = None) -> DeviceList:
    """Tablets with when they were last heard of and what waits on them."""
    (last,) = paging.decode(cursor, 1) or ["0"]
    after = int(last) if last.isdigit() and len(last) < 10 else 0
    rows = await db.read(lambda session: tablets.page(session, after, limit + 1))
    more = paging.encode([str(rows[limit - 1].id)]) if len(rows) > limit else None
    return DeviceList(items=[_out(row) for row in rows[:limit]], next_cursor=more)


@router.get("/{device_id:int}", dependencies=[READ])
async def read_device(device_id: Number, db: Db) -> DeviceOut:
    return _out(await db.read(lambda session: tablets.one(session, device_id)))


@router.patch("/{device_id:int}", dependencies=[WRITE])
async def change_device(device_id: Number, body: DevicePatch, db: Db) -> DeviceOut:
    """Rename a tablet or give it other touchpoints; it follows within a minute."""
    return _out(await db.write(lambda session: tablets.change(session, device_id, body)))


@router.delete("/{device_id:int}", dependencies=[WRITE])
async def revoke_device(device_id: Number, db: Db) -> DeviceOut:
    """Take a tablet out of use. It locks and keeps what it has not sent; pairing it again goes on with that."""
    return _out(await db.write(lambda session: tablets.revoke(session, device_id)))


@router.post("/{device_id:int}/pairing", status_code=201, dependencies=[WRITE])
async def create_pairing(device_id: Number, db: Db, request: Request) -> NewPairing:
    """A new code, for a tablet that was revoked, reset or replaced. The key before it works until the code is used."""

    def work(session: Session) -> tuple[Device, str]:
        row = tablets.one(session, device_id)
        return row, new_code(session, request.app.state.secret, row)

    return _with_code(*await db.write(work))


@router.post("/pair", responses=problems(404, 429))
async def pair_device(body: Pairing, db: Db, request: Request) -> Paired:
    """The tablet's key for a code. Nobody needs a key to ask, so it is limited like answers without one."""
    request.app.state.limiter.check(request, "pairing")

    def work(session: Session) -> dict[str, Any]:
        key, row = pair(session, request.app.state.secret, body.code)
        return {"key": key, **_config(session, row)}

    return Paired.model_validate(await db.write(work))


@router.post("/heartbeat", responses=problems(401))
async def heartbeat(
    body: Heartbeat, db: Db, request: Request, device: Annotated[Device, Depends(authorize_device)]
) -> Config:
    """The tablet says how it is and how often it asked, and gets what it is to show."""
    number, at = device.id or 0, datetime.now(UTC)
    counts = await asked.read(request.app.state.registry, device, body, at)

    def work(session: Session) -> dict[str, Any]:
        tablets.note(session, number, body, at)
        asked.fold(session, counts)
        return _config(session, device)

    return Config.model_validate(await db.write(work))


def _config(session: Session, device: Device) -> dict[str, Any]:
    """What the tablet shows: its touchpoints that still take answers, in the order given."""
    within = (col(Touchpoint.key).in_(device.touchpoints), col(Touchpoint.archived_at).is_(None))
    rows = [row for row in session.exec(select(Touchpoint).where(*within)) if ways.TABLET in row.open]
    rows.sort(key=lambda row: device.touchpoints.index(row.key))
    rtl = sorted({language for row in rows for language in row.question if direction(language) == "rtl"})
    return {"name": device.name, "touchpoints": [_question(row) for row in rows], "rtl": rtl, "now": datetime.now(UTC)}


def _question(row: Touchpoint) -> dict[str, Any]:
    """What the tablet asks. It has the scales of the product itself, and is sent a company's own."""
    if row.own_scale is None:
        return row.model_dump() | {"drawn": None}
    words = {language: messages("customer", language) for language in row.question}
    return row.model_dump() | {"drawn": {language: drawn(scale_of(row), t) for language, t in words.items()}}
