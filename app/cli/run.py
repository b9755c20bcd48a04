"""What every command needs: the settings, the database, and how to end."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from app.sanitize import terminal_text
from app.settings import PREFIX, Settings, SettingsError, unknown

if TYPE_CHECKING:
    from app.db import Database
    from app.work import Work

T = TypeVar("T")


def settings() -> Settings:
    """The settings of the environment; prints what is wrong with them and exits."""
    for name, meant in unknown(os.environ):
        said = f"{name} is no setting and does nothing." + (f" Is {meant} meant?" if meant else "")
        say(said, "unknown_setting", "warning", err=True)
    try:
        return Settings.from_environment(os.environ)
    except SettingsError as error:
        raise fail(str(error), 2) from None


@contextmanager
def usable(url: str, then: str = "") -> Iterator[None]:
    """End with a sentence, and `then`, if what is done within finds that the database cannot be used."""
    try:
        yield
    except Exception as error:
        from app.schema import SchemaMisfit
        from app.unusable import why

        said = why(error, url)
        if said is None:
            raise
        if isinstance(error, SchemaMisfit):
            said = of_database(url, said)
        raise fail(f"{said} {then}".rstrip()) from None


def migrated(url: str) -> None:
    """Bring the database to the newest schema."""
    from app import migrate

    with usable(url):
        if migrate.is_embedded(url):
            migrate.look(url, within_s=5)
        migrate.upgrade(url)


def with_database(url: str, use: "Callable[[Database], Awaitable[T]]", *, then: str = "") -> T:
    """Run the coroutine function `use(database)` and close the database, which must have the schema of this version.

    If it cannot be used the command ends with a sentence about that, and `then`.
    """
    from app import schema
    from app.db import open_database

    async def run() -> T:
        db = open_database(url)
        try:
            await db.read(schema.check)
            return await use(db)
        finally:
            await db.close()

    with usable(url, then):
        return asyncio.run(run())


def named(url: str) -> str:
    """A database as it may be shown to anybody: the whole path of a file, a server without the password."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return str(Path(parsed.database or "").resolve())
    return parsed._replace(drivername="postgresql", password=None).render_as_string()


def of_database(url: str, said: str) -> str:
    """A sentence about the schema, with the database before it: it may be another one than meant."""
    return f"{named(url)}: {said}"


def say_which(url: str) -> None:
    """Name the database that was used, on standard error: the folder may be another one than meant."""
    typer.echo(f"Database: {terminal_text(named(url))}", err=True)


def with_chosen(use: "Callable[[Database], Awaitable[T]]", *, then: str = "") -> T:
    """`with_database` on the database of the settings, which is named when it is done."""
    url = settings().database_url
    done = with_database(url, use, then=then)
    say_which(url)
    return done


def read(work: "Work[T]") -> T:
    """Run one unit of work that only reads."""
    return with_chosen(lambda db: db.read(work))


def write(work: "Work[T]") -> T:
    """Run one unit of work and commit it."""
    return with_chosen(lambda db: db.write(work))


def fail(message: str, code: int = 1) -> typer.Exit:
    """Print `message` for people and return what the command raises to end with `code`."""
    say(message, "failed", "error", err=True)
    return typer.Exit(code)


def say(message: str, event: str, level: str = "info", *, err: bool = False) -> None:
    """Print a line for people, or as the log has it where that is JSON."""
    if os.environ.get(f"{PREFIX}LOG_FORMAT") == "json":
        from app.logs import line

        message = line(level, event, said=message)
    typer.echo(terminal_text(message), err=err)
