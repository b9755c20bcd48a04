"""What the tables have in common."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, text
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


class Counts(Table):
    """Columns of a count: answers, those with a comment, and those of each rating from 0 to 10."""

    n: int = Field(default=0, sa_type=BigInteger)
    comments: int = Field(default=0, sa_type=BigInteger)
    n0: int = Field(default=0, sa_type=BigInteger)
    n1: int = Field(default=0, sa_type=BigInteger)
    n2: int = Field(default=0, sa_type=BigInteger)
    n3: int = Field(default=0, sa_type=BigInteger)
    n4: int = Field(default=0, sa_type=BigInteger)
    n5: int = Field(default=0, sa_type=BigInteger)
    n6: int = Field(default=0, sa_type=BigInteger)
    n7: int = Field(default=0, sa_type=BigInteger)
    n8: int = Field(default=0, sa_type=BigInteger)
    n9: int = Field(default=0, sa_type=BigInteger)
    n10: int = Field(default=0, sa_type=BigInteger)


def index_of(condition: str, name: str, *columns: str, unique: bool = False) -> Index:
    """An index of the few rows that meet `condition`: it costs the others nothing."""
    return Index(name, *columns, unique=unique, sqlite_where=text(condition), postgresql_where=text(condition))
