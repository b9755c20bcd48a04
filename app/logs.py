"""Structured logs: one line per event, with the fields it names; never a body, query, comment or address."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from app.sanitize import terminal_text

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class JsonLines(logging.Formatter):
    """One JSON object per line; control characters are escaped by JSON itself."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return line(record.levelname.lower(), record.getMessage(), record.created, **fields)


def line(level: str, event: str, at: float | None = None, **fields: Any) -> str:
    """A line of the log as JSON; `at` is in seconds since 1970, now without it."""
    when = (datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)).isoformat(timespec="milliseconds")
    return json.dumps({"time": when, "level": level, "event": event, **fields}, default=str)


class Text(logging.Formatter):
    """The same for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value!r}" for name, value in _fields(record).items())
        at = self.formatTime(record, "%H:%M:%S")
        said = f"{at} {record.levelname.lower():7} {record.getMessage()} {fields}".rstrip()
        return terminal_text(f"{said}\n{self.formatException(record.exc_info)}" if record.exc_info else said)


def said_by(error: BaseException) -> str:
    """What happened, for the log: SQLite's own word, such as SQLITE_FULL, or the class of the driver's error.

    PostgreSQL's own sentences are left out, for they may quote what a customer wrote.
    """
    error = getattr(error, "orig", None) or error
    word = getattr(error, "sqlite_errorname", None)
    return f"{word or type(error).__name__}: {error}" if word or isinstance(error, OSError) else type(error).__name__


def configure(log_format: str, level: str) -> None:
    """Send the service's and uvicorn's logs to standard error in one format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else Text())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    log.setLevel(level.upper())
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


log = logging.getLogger("touchstone")
