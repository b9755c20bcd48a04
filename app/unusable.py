"""Why a database cannot be used: one sentence that says what is wrong and where, and never a password."""

import errno
import socket
import sqlite3
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.schema import SchemaMisfit
from app.sqlite_file import FileTrouble

NO_DESCRIPTORS = "No file descriptor is left: raise the limit of this process (`ulimit -n`, LimitNOFILE of systemd)."
NOT_MIGRATED = "The database has no tables yet, or older ones. Run `touchstone migrate`."


def why(error: BaseException, url: str) -> str | None:
    """The sentence; None for an error that is not the database's."""
    if isinstance(error, SchemaMisfit):
        return str(error)
    if getattr(getattr(error, "orig", None) or error, "errno", None) in (errno.EMFILE, errno.ENFILE):
        return NO_DESCRIPTORS
    parsed = make_url(url)
    embedded = parsed.get_backend_name() == "sqlite"
    if isinstance(error, SQLAlchemyError | sqlite3.Error | OSError):
        return _sqlite(error, parsed) if embedded else _postgres(error, parsed)
    return _postgres(error, parsed) if hasattr(error, "sqlstate") else None  # asyncpg's own are of no common kind


def _sqlite(error: BaseException, url: URL) -> str | None:
    if isinstance(error, FileTrouble):
        return str(error) + "." * (not str(error).endswith("."))
    path = Path(url.database or "").absolute()
    orig = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(orig, sqlite3.Error):
        return _by_word(getattr(orig, "sqlite_errorname", ""), str(orig), path)
    if isinstance(orig, OSError) and orig.filename and Path(orig.filename).parent == path.parent:
        return _by_word("SQLITE_FULL" if orig.errno == errno.ENOSPC else "SQLITE_CANTOPEN", "", path)
    return None


def _by_word(word: str, said: str, path: Path) -> str:
    """By SQLite's own word, such as SQLITE_FULL or SQLITE_READONLY_DIRECTORY."""
    if "no such table" in said:
        return NOT_MIGRATED
    if path.is_dir():
        return f"{path} is a folder. Name a file in TOUCHSTONE_DATABASE_URL."
    kind = "_".join(word.split("_")[:2])
    if kind == "SQLITE_CANTOPEN" and not path.parent.is_dir():
        return f"There is no folder {path.parent} for the database. Make it, or set TOUCHSTONE_DATABASE_URL."
    if kind == "SQLITE_CANTOPEN" and not path.exists():
        return f"There is no database at {path}. `touchstone migrate` or `touchstone serve` makes one."
    sentences = {
        "SQLITE_CANTOPEN": _closed(path),
        "SQLITE_READONLY": _closed(path),
        "SQLITE_PERM": _closed(path),
        "SQLITE_NOTADB": f"{path} is no SQLite database.",
        "SQLITE_CORRUPT": f"{path} is damaged. Put a backup in its place.",
        "SQLITE_FULL": f"The disk of {path} is full.",
        "SQLITE_IOERR": f"The disk of {path} cannot be read or written, it may be full ({word}).",
        "SQLITE_BUSY": f"Another program holds {path} locked.",
    }
    return sentences.get(kind, f"{path} cannot be used: {said} ({word}).")


def _closed(path: Path) -> str:
    return f"This user may not read and write {path} and its folder."


def _postgres(error: BaseException, url: URL) -> str:
    at = f"PostgreSQL at {url.host or url.query.get('host') or 'the local socket'}"
    if url.port:
        at += f":{url.port}"
    orig = getattr(error, "orig", None) or error
    if state := str(getattr(orig, "sqlstate", None) or ""):
        return _by_state(state, at, url)
    if isinstance(orig, socket.gaierror):
        return f"There is no host called {url.host}, where PostgreSQL should be."
    if isinstance(orig, TimeoutError | PoolTimeoutError):
        return f"{at} did not answer in time."
    if isinstance(orig, OSError):
        return f"{at} cannot be reached. Does it run, and does it listen there?"
    return f"{at} cannot be used ({type(orig).__name__})."


def _by_state(state: str, at: str, url: URL) -> str:
    """By the SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html."""
    sentences = {
        "28P01": f"{at} refuses the password of the user {url.username}.",
        "28000": f"{at} refuses the user {url.username}.",
        "3D000": f"{at} has no database {url.database}. Make it: createdb {url.database}",
        "42P01": NOT_MIGRATED,
        "42703": NOT_MIGRATED,
        "42501": f"{at} does not let the user {url.username} do that in the database {url.database}.",
        "25006": f"{at} is read-only now.",
        "53100": f"The disk of {at} is full.",
        "53300": f"{at} has no connection left.",
        "55P03": f"{at}: another program holds a table locked. Try again in a moment.",
        "57P03": f"{at} is starting or stopping. Try again in a moment.",
    }
    return sentences.get(state, f"{at} cannot be used (SQLSTATE {state}).")
