"""One migration tree for SQLite and PostgreSQL. Run by app/migrate.py, or by the alembic command while developing."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, make_url, text
from sqlmodel import SQLModel

from app import models  # noqa: F401 - fills the metadata
from app.postgres import postgres_engine
from app.settings import Settings
from app.sqlite_open import sqlite_engine

ADVISORY_LOCK = 7_305_201  # any number, the same in every process that migrates


def include(thing: object, name: str | None, kind: str, reflected: bool, _compared: object) -> bool:
    """Leave alone what only one of the two databases has: the full-text index and its shadow tables."""
    return not (reflected and kind in {"table", "index"} and (name or "").startswith(("feedback_search", "ix_search")))


def run(connection: Connection) -> None:
    """Migrate within one transaction, so that two processes starting at once cannot both do it."""
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection, target_metadata=SQLModel.metadata, render_as_batch=sqlite, include_object=include
    )
    with context.begin_transaction():
        if not sqlite:
            connection.execute(text("SET LOCAL lock_timeout = '30s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})
        context.run_migrations()


def run_sqlite(url: str) -> None:
    """SQLite rebuilds a table to change it; with foreign keys on, dropping the old one would delete its children."""
    engine = sqlite_engine(make_url(url), write=True)
    with engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        # A view does not stand in the way of the moment in which a table of its is rebuilt under another name.
        connection.connection.cursor().execute("PRAGMA legacy_alter_table=ON")
        with connection.begin():
            run(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration would leave {len(broken)} rows without their parent")
    engine.dispose()


async def run_postgres(url: str) -> None:
    engine = postgres_engine(make_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


url = context.config.attributes.get("url") or Settings.from_environment(os.environ).database_url
if make_url(url).get_backend_name() == "sqlite":
    run_sqlite(url)
else:
    asyncio.run(run_postgres(url))
