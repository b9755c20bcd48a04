"""Which schema a database has, and whether this version can work with it. Alembic is not needed to tell."""

import re
from functools import lru_cache
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.db import core
from app.postgres import sqlstate

QUERY = "SELECT version_num FROM alembic_version"
_NO_TABLE = "42P01"
_NAMED = re.compile(r'^(revision|down_revision) = "?(\w+)"?', re.MULTILINE)


class SchemaMisfit(RuntimeError):
    """The database has a schema that this version cannot work with; the message says what to do."""


def scripts() -> Path:
    """The migrations: inside the wheel, or beside `app/` in a checkout."""
    package = Path(__file__).parent
    inside = package / "_migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


@lru_cache(1)
def revisions() -> tuple[str, ...]:
    """All revisions that this version knows, the first one first."""
    after: dict[str | None, str] = {}
    for path in scripts().glob("versions/*.py"):
        said = dict(
            re.findall(r'^(revision|down_revision) = "?(\w+)"?', path.read_text(encoding="utf-8"), re.MULTILINE)
        )
        after[None if said["down_revision"] == "None" else said["down_revision"]] = said["revision"]
    found, at = [], after.get(None)
    while at:
        found.append(at)
        at = after.get(at)
    return tuple(found)


def head() -> str:
    """The newest revision's name."""
    return revisions()[-1]


def is_newer(at: str | None) -> bool:
    """Whether a newer version of Touchstone has migrated the database: migrations only follow one another."""
    return at is not None and at not in revisions()


def misfit(at: str | None) -> str | None:
    """What is wrong with a database at this revision (None: without tables) and what to do; None if it fits."""
    if at == head():
        return None
    if at is None:
        return "The database has no tables yet: run `touchstone migrate`."
    if is_newer(at):
        return (
            f"The database was made by a newer version of Touchstone (it is at {at}, this version knows {head()}): "
            "run that version, or restore the backup from before the upgrade."
        )
    return f"The database is at {at}, this version needs {head()}: run `touchstone migrate`."


def revision(session: Session) -> str | None:
    """The revision of the database; None before its first migration."""
    try:
        found = core(session).exec_driver_sql(QUERY).scalar()
    except DBAPIError as error:
        if sqlstate(error) == _NO_TABLE or "no such table" in str(error.orig):
            return None
        raise
    return str(found) if found else None


def check(session: Session) -> None:
    """Raise SchemaMisfit unless the schema is the one of this version."""
    if said := misfit(revision(session)):
        raise SchemaMisfit(said)


def check_while_serving(session: Session) -> None:
    """Raise SchemaMisfit if the schema is older. In a rolling upgrade it is newer for a while, and only has more."""
    at = revision(session)
    if not is_newer(at) and (said := misfit(at)):
        raise SchemaMisfit(said)
