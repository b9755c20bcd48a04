"""The secret that signs links and sessions: the operator's, or one made on first use and kept where no copy of the
database holds it.

For SQLite that is a file beside the database. The processes that share PostgreSQL have nothing in common but the
database: without TOUCHSTONE_SECRET_KEY the secret lies there, and each start says so.
"""

import contextlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import make_url, text
from sqlmodel import Session, select

from app.db import Database
from app.logs import log
from app.models import Secret
from app.settings import Settings
from app.sqlite_file import PRIVATE
from app.sqlite_open import path_of

NAME = "secret_key"
WARNING = (
    "a copy of this database can sign in: set TOUCHSTONE_SECRET_KEY for all processes, to the value that "
    "`SELECT value FROM secret WHERE name = 'secret_key'` shows if links and sessions are to stay; it is deleted then"
)


async def signing_secrets(db: Database, settings: Settings) -> tuple[bytes, bytes | None]:
    """The secret that signs, and the one before it, which is still believed."""
    given, before = settings.secret_key, settings.secret_key_previous
    file = path_of(make_url(settings.database_url)).with_suffix(".secret") if db.dialect == "sqlite" else None
    active, *former = await (_beside(db, file) if file else _within(db, given.get_secret_value() if given else None))
    if given:
        active, former = given.get_secret_value(), []
    if before:
        former = [before.get_secret_value()]
    return active.encode(), former[0].encode() if former else None


async def _beside(db: Database, file: Path) -> list[str]:
    """The secrets in `file`. One that an earlier version kept in the database is moved there."""
    kept = await db.read(_kept)
    found = _keep(file, kept or secrets.token_urlsafe(32))
    if kept:
        if kept not in found:  # an earlier version ran once more after the first was moved
            found = [*found, kept]
            _write(file, found).replace(file)
        await db.write(_forget)  # overwritten in the file, and gone from the log within a quiet second
        log.warning("secret_moved", extra={"path": str(file), "why": "a copy of the database must not sign in"})
    return found


def _keep(file: Path, secret: str) -> list[str]:
    """Write the secret to its file, if there is none yet. Of two that start at once, the first one's holds."""
    if not file.exists():
        new = _write(file, [secret])
        with contextlib.suppress(FileExistsError):
            os.link(new, file)
        new.unlink()
        _sync(file.parent)
    if file.stat().st_mode & 0o077:
        file.chmod(PRIVATE)
    return file.read_text(encoding="utf-8").split()


def _write(file: Path, lines: list[str]) -> Path:
    """A new file with these lines beside `file`, on disk."""
    new = file.with_name(f"{file.name}-{os.getpid()}")
    with open(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, PRIVATE), "w", encoding="utf-8") as out:  # noqa: PTH123
        out.writelines(f"{line}\n" for line in lines)
        out.flush()
        os.fsync(out.fileno())
    return new


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _within(db: Database, given: str | None) -> list[str]:
    """The secret in the database, made if there is none; deleted once the operator keeps the same one outside."""
    if given is None:
        log.warning("secret_in_database", extra={"why": WARNING})
        return [await db.write(_made)]
    if await db.read(_kept) == given:
        await db.write(_forget)
    return [given]


def _kept(session: Session) -> str | None:
    return session.exec(select(Secret.value).where(Secret.name == NAME)).first()


def _made(session: Session) -> str:
    """Two processes may start on an empty database at once: the first one's holds for both."""
    once = "INSERT INTO secret (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING"
    session.connection().execute(text(once), {"name": NAME, "value": secrets.token_urlsafe(32)})
    return session.exec(select(Secret.value).where(Secret.name == NAME)).one()


def _forget(session: Session) -> None:
    session.connection().execute(text("DELETE FROM secret WHERE name = :name"), {"name": NAME})


def pseudonym(secret: bytes, person: str) -> str:
    """An opaque reference to a person, always the same; without the secret nobody can try addresses against it."""
    return hmac.digest(secret, b"person\0" + person.strip().casefold().encode(), "sha256").hex()[:32]


def pseudonyms(secrets: Iterable[bytes], person: str) -> list[str]:
    """The reference to a person, and the one that he had before the secret was changed."""
    return [pseudonym(secret, person) for secret in secrets]
