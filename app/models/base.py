"""What the tables have in common."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel


def now() -> datetime:
    """The service's clock, in UTC."""
    return datetime.now(UTC)


def json_column(default: Any) -> Any:
    """A required JSON column."""
    return Field(default_factory=default.copy, sa_column=Column(JSON, nullable=False))


class Table(SQLModel):
    """What all tables have in common: pydantic never validates a row, so it need not compile how."""

    model_config = {"defer_build": True}


def index_of(condition: str, name: str, *columns: str) -> Index:
    """An index of the few rows that meet `condition`: it costs the others nothing."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))
