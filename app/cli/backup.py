"""`touchstone backup`: a copy of the database while it serves."""

import contextlib
import os
import shlex
import sqlite3
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import make_url

from app.cli.run import fail, named, settings, usable
from app.sqlite_file import PRIVATE, FileTrouble, connect, make, verify
from app.sqlite_open import BUSY_TIMEOUT_S, path_of

VERIFY_S = 3600.0  # the copy is read to its end, unless that takes an hour


def backup(file: Annotated[Path, typer.Argument(help="Where to; it must not be there yet.")]) -> None:
    """Copy the SQLite database to FILE while it serves, and open the copy to see that it is whole."""
    url = settings().database_url
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        line = shlex.join(["pg_dump", "--format=custom", f"--file={file}", named(url)])
        raise fail(f"PostgreSQL is copied by its own program: {line}", 2)
    if file.exists():
        raise fail(f"{file} is there already. Name a file that is not, or move that one away.", 2)
    if not file.parent.is_dir():
        raise fail(f"There is no folder {file.parent} for the copy.", 2)
    source = path_of(parsed)
    with usable(url):
        connect(source, write=False, wait_s=BUSY_TIMEOUT_S).close()
    with usable(f"sqlite:///{file}"):
        revision = _copied(source, file)
    typer.echo(f"Copied {named(url)} to {file.resolve()}: {file.stat().st_size:,} bytes, whole, schema {revision}.")
    secret = source.with_suffix(".secret").resolve()
    typer.echo(
        "It holds what customers wrote, and the secrets of webhooks. The secret behind links and sessions is not in"
    )
    typer.echo(f"it: keep TOUCHSTONE_SECRET_KEY or {secret} too, apart, or links in mails already sent end.")


def _copied(source: Path, file: Path) -> str:
    """Copy within one snapshot, so that writers neither wait nor disturb it, and name it only when it is on disk."""
    new = file.with_name(f"{file.name}.part")
    new.unlink(missing_ok=True)
    try:
        make(new)
        with (
            contextlib.closing(connect(source, write=False, wait_s=BUSY_TIMEOUT_S)) as reading,
            contextlib.closing(sqlite3.connect(new, isolation_level=None)) as writing,
        ):
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE").fetchall()  # one file, with nothing beside it
        try:
            revision = verify(new, VERIFY_S)
        except FileTrouble:
            raise FileTrouble(f"{source} is damaged, for its copy is not whole. Keep the backups you have.") from None
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.chmod(PRIVATE)
        os.link(new, file)  # unlike a rename, it replaces nothing that came meanwhile
    finally:
        new.unlink(missing_ok=True)
    return str(revision)
