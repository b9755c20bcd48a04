"""A copy of the database signs in nowhere: the secret behind links and sessions lies beside it and never in it."""

import asyncio
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import text
from sqlmodel import Session

from app.dashboard import session
from app.db import open_database
from app.links import token
from app.secret import signing_secrets
from app.settings import Settings
from tests.conftest import ADMIN, NO_TLS

OLD = "kept-in-the-database-by-version-one-0123456"


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


def with_old_secret(file: Path) -> None:
    """As an earlier version left it."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("INSERT INTO secret (name, value) VALUES ('secret_key', ?)", [OLD])
    connection.close()
    file.chmod(0o644)


def holding(file: Path, said: bytes) -> list[str]:
    """The files of the database that hold these bytes."""
    return [each.name for each in file.parent.glob(file.name + "*") if said in each.read_bytes()]


async def test_links_and_sessions_outlive_the_secrets_way_out_of_the_database(serve, sqlite_url):
    file = path_of(sqlite_url)
    with_old_secret(file)
    assert holding(file, OLD.encode())
    server = serve(sqlite_url)
    server.start()
    await server.ready()
    kept = file.with_suffix(".secret")
    assert kept.read_text().split() == [OLD] and stat.S_IMODE(kept.stat().st_mode) == 0o600
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", verify=NO_TLS) as client:
        made = await client.post("/v1/touchpoints", json={"key": "mail"}, headers=ADMIN)
        assert made.status_code == 201
        link = token.mint(token.SigningKeys(OLD.encode()), 1, datetime.now(UTC) + timedelta(days=1))
        assert (await client.get(f"/r/{link}")).status_code == 200
        key = await client.post("/v1/keys", json={"name": "x", "scopes": ["admin"]}, headers=ADMIN)
        client.cookies.set(session.COOKIE, session.issue(OLD.encode(), str(key.json()["id"])))
        assert (await client.get("/keys")).status_code == 200
        async with asyncio.timeout(10):
            while found := holding(file, OLD.encode()):  # noqa: ASYNC110 - until a second without a commit
                await asyncio.sleep(0.2)
    assert not found
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in file.parent.glob("touchstone*")}
    assert len(modes) == 4 and set(modes.values()) == {0o600}, modes
    server.stop()
    server.start()
    await server.ready()
    assert kept.read_text().split() == [OLD]


async def test_a_new_database_never_holds_the_secret_and_processes_that_start_at_once_share_it(serve, tmp_path):
    file = tmp_path / "new.db"
    server = serve(f"sqlite+aiosqlite:///{file}", workers=2)
    server.start()
    await server.ready()
    secret = (tmp_path / "new.secret").read_bytes().strip()
    assert len(secret) > 40 and not holding(file, secret)
    cookie = {"cookie": f"{session.COOKIE}={session.issue(secret, '1')}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", verify=NO_TLS) as client:
        await client.post("/v1/keys", json={"name": "x", "scopes": ["admin"]}, headers=ADMIN)
        for _ in range(8):  # whichever worker answers
            answer = await client.get("/keys", headers=cookie | {"connection": "close"})
            assert answer.status_code == 200


async def test_a_secret_that_an_earlier_version_made_meanwhile_is_still_believed(sqlite_url):
    file = path_of(sqlite_url)
    settings = Settings(database_url=sqlite_url)
    db = open_database(sqlite_url)
    try:
        first, former = await signing_secrets(db, settings)
        assert former is None
        await db.write(_old)
        assert await signing_secrets(db, settings) == (first, OLD.encode())
        assert await signing_secrets(db, settings) == (first, OLD.encode())
        assert await db.read(_rows) == 0
        file.with_suffix(".secret").unlink()  # a copy that was restored without it
        anew, _ = await signing_secrets(db, settings)
        assert anew not in (first, OLD.encode())
    finally:
        await db.close()


async def test_on_postgresql_the_secret_leaves_the_database_when_the_operator_keeps_it(postgres_url, caplog):
    db = open_database(postgres_url)
    try:
        made, _ = await signing_secrets(db, Settings(database_url=postgres_url))
        assert "secret_in_database" in caplog.text and await db.read(_rows) == 1
        other = Settings(database_url=postgres_url, secret_key="x" * 30)
        assert await signing_secrets(db, other) == (b"x" * 30, None) and await db.read(_rows) == 1
        same = Settings(database_url=postgres_url, secret_key=made.decode())
        assert await signing_secrets(db, same) == (made, None) and await db.read(_rows) == 0
    finally:
        await db.close()


def _old(found: Session) -> None:
    found.connection().execute(text("INSERT INTO secret (name, value) VALUES ('secret_key', :v)"), {"v": OLD})


def _rows(found: Session) -> int:
    return int(found.connection().execute(text("SELECT count(*) FROM secret WHERE name = 'secret_key'")).scalar_one())
