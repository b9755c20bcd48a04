"""Statements written once for both databases: `Bulk` takes many rows in one, `Lookup` reads on the shortest way."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from pydantic_core import to_json
from sqlalchemy import CursorResult
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.db import core, is_sqlite

_CHUNK_MAX = 1024  # rows; SQLite takes 32,766 parameters in a statement


@lru_cache(4096)  # a batch was received at one time
def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _json(value: Any) -> str:
    return to_json(value).decode()


# How a value of a PostgreSQL type goes to each driver, where not as it is.
_TO_SQLITE: dict[str, Callable[[Any], Any]] = {"uuid": lambda number: number.hex, "timestamptz": _stamp, "json": _json}
_TO_POSTGRES: dict[str, Callable[[Any], Any]] = {"json": _json}


class Bulk:
    """A statement over many rows, which it reads from a table `r`: `template` has {r} in its FROM.

    `columns` are the names of the rows' values with their PostgreSQL types. SQLite gets the rows as VALUES (reading
    them out of one JSON parameter takes twice as long), PostgreSQL as an array for each column.
    """

    def __init__(self, template: str, columns: Mapping[str, str]) -> None:
        self._template, self._names, self._kinds = template, ", ".join(columns), tuple(columns.values())
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(self._kinds, 1))
        self._postgres = template.format(r=f"unnest({arrays}) AS r({self._names})")
        self._sqlite = lru_cache(256)(self._of_values)

    def run(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> int:
        """Execute over `rows`, each in the order of the columns; returns how many rows were written."""
        return sum(result.rowcount for result in self._results(session, rows))

    def returning(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Execute over `rows`; returns the rows of a statement that ends in RETURNING."""
        return list(chain.from_iterable(self._results(session, rows)))

    def _results(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> Iterator[CursorResult[Any]]:
        if not rows:
            return
        if is_sqlite(session):
            parts = [self._for_sqlite(rows[start : start + _CHUNK_MAX]) for start in range(0, len(rows), _CHUNK_MAX)]
        else:
            parts = [(self._postgres, tuple(list(column) for column in self._adapted(rows, _TO_POSTGRES)))]
        for statement, values in parts:
            yield core(session).exec_driver_sql(statement, values)

    def _for_sqlite(self, rows: Sequence[tuple[Any, ...]]) -> tuple[str, tuple[Any, ...]]:
        """Statement and values.

        Few statements are ever prepared, for VALUES has a power of two of rows: the last one is repeated, and LIMIT
        leaves the repetitions out. Columns without any value are NULL in the text: to bind a None takes Python 1 us.
        """
        columns = list(self._adapted(rows, _TO_SQLITE))
        used = tuple(place for place, column in enumerate(columns) if column.count(None) < len(rows))
        values = list(zip(*(columns[place] for place in used), strict=True))
        size = 1 << (len(rows) - 1).bit_length()
        values += values[-1:] * (size - len(rows))
        return self._sqlite(size, used), (*chain.from_iterable(values), len(rows))

    def _adapted(self, rows: Sequence[tuple[Any, ...]], adapters: Mapping[str, Callable[[Any], Any]]) -> Iterator[Any]:
        """The values column by column, as the driver takes them."""
        for kind, column in zip(self._kinds, zip(*rows, strict=True), strict=True):
            adapt = adapters.get(kind)
            yield [None if value is None else adapt(value) for value in column] if adapt else column

    def _of_values(self, size: int, used: tuple[int, ...]) -> str:
        row = ", ".join("?" if place in used else "NULL" for place in range(len(self._kinds)))
        table = ", ".join([f"({row})"] * size)
        values = f"WITH r({self._names}) AS (VALUES {table}) SELECT * FROM r LIMIT ?"  # noqa: S608 - our own names
        return self._template.format(r=f"({values}) AS r")


class Lookup:
    """A SELECT with :named parameters, run by the driver itself.

    SQLAlchemy's compiling and result metadata cost three times as much as reading a few rows by their key does.
    """

    def __init__(self, statement: str) -> None:
        names: list[str] = []

        def numbered(found: re.Match[str]) -> str:
            if found[1] not in names:
                names.append(found[1])
            return f"${names.index(found[1]) + 1}"

        self._sqlite, self._postgres = statement, re.sub(r"(?<!:):(\w+)", numbered, statement)
        self._names = names

    def rows(self, session: Session, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows; errors are SQLAlchemy's DBAPIError."""
        connection = core(session)
        cursor = connection.connection.cursor()
        try:
            if connection.dialect.name == "sqlite":
                cursor.execute(self._sqlite, values)
            else:
                cursor.execute(self._postgres, tuple(values[name] for name in self._names))
            return list(cursor.fetchall())
        except connection.dialect.loaded_dbapi.Error as error:
            raise DBAPIError(self._sqlite, None, error) from error
        finally:
            cursor.close()
