"""Statements written once for both databases: `Bulk` takes many rows in one, `Lookup` reads on the shortest way."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, compress, repeat
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlmodel import Session

from app.db import core

Columns = list[list[Any]]
_DATA_FAULTS = ("22", "23", "54")  # classes of SQLSTATE: data, constraints, limits such as an index row's size
_CHUNK_MAX = 1024  # rows; SQLite takes 32,766 parameters in a statement
_MANY = 32  # rows


def is_data_fault(error: BaseException) -> bool:
    """Whether a value is to blame: the same statement with other values could succeed, with these it never will.

    SQLAlchemy maps few of PostgreSQL's data errors to DataError, and a driver's own complaint of a value to none.
    """
    if isinstance(error, DataError | IntegrityError | OverflowError | ValueError | TypeError):
        return True
    driver = getattr(error, "orig", None)
    if str(getattr(driver, "sqlstate", None) or "")[:2] in _DATA_FAULTS:
        return True
    return isinstance(getattr(driver, "__cause__", None), ValueError | OverflowError | TypeError)


@lru_cache(4096)  # a batch was received at one time
def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _json(value: Any) -> str:
    return to_json(value, inf_nan_mode="null").decode()


Adapters = Mapping[str, Callable[[Any], Any]]
# How a value of a PostgreSQL type goes to each driver, where not as it is.
_TO_SQLITE: Adapters = {"uuid": lambda number: f"{number.int:032x}", "timestamptz": _stamp, "json": _json}
_TO_POSTGRES: Adapters = {"json": _json}


class Bulk:
    """A statement over many rows, which it reads from a table `r`: `template` has {r} in its FROM.

    `columns` are the names of the rows' values with their PostgreSQL types; no two rows are alike. SQLite gets the rows
    as VALUES (reading them out of one JSON parameter takes twice as long), PostgreSQL as an array for each column. What
    is the same in every row is sent once, for each value takes the driver up to 2 us.
    """

    def __init__(self, template: str, columns: Mapping[str, str]) -> None:
        self._template, self._names, self._kinds = template, tuple(columns), tuple(columns.values())
        self._sqlite, self._postgres = lru_cache(256)(self._of_values), lru_cache(256)(self._of_arrays)

    def run(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> int:
        """Execute over `rows`, each in the order of the columns; returns how many rows were written."""
        return sum(result.rowcount for result in self._results(session, rows))

    def returning(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Execute over `rows`; returns the rows of a statement that ends in RETURNING."""
        return list(chain.from_iterable(self._results(session, rows)))

    def _results(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        connection = core(session)
        if connection.dialect.name == "sqlite":
            for start in range(0, len(rows), _CHUNK_MAX):
                yield _executed(connection, *self._for_sqlite(rows[start : start + _CHUNK_MAX]))
        elif rows:
            yield _executed(connection, *self.for_postgres(rows))

    def _for_sqlite(self, rows: Sequence[tuple[Any, ...]]) -> tuple[str, tuple[Any, ...]]:
        """Statement and values. VALUES has a power of two of rows, so that few statements are ever prepared.

        The last row is repeated, and LIMIT leaves the repetitions out.
        """
        varying, columns, same = self._parted(rows, _TO_SQLITE)
        values = list(zip(*columns, strict=True))
        size = 1 << (len(rows) - 1).bit_length()
        values += values[-1:] * (size - len(rows))
        return self._sqlite(size, varying), (*chain.from_iterable(values), *same, len(rows))

    def for_postgres(self, rows: Sequence[tuple[Any, ...]]) -> tuple[str, tuple[Any, ...]]:
        """Statement and values."""
        varying, columns, same = self._parted(rows, _TO_POSTGRES)
        return self._postgres(varying), (*columns, *same)

    def _parted(
        self, rows: Sequence[tuple[Any, ...]], adapters: Adapters
    ) -> tuple[tuple[int, ...], Columns, list[Any]]:
        """Which columns vary, what is in them, and the one value of each of the others, as the driver takes them."""
        columns = list(zip(*rows, strict=True))
        same = [_is_same(column) for column in columns]
        adapted = [
            _adapted(column[:1] if alike else column, adapters.get(kind))
            for column, alike, kind in zip(columns, same, self._kinds, strict=True)
        ]
        varying = tuple(place for place, alike in enumerate(same) if not alike)
        return varying, [adapted[place] for place in varying], [one[0] for one in compress(adapted, same)]

    def _of_values(self, size: int, varying: tuple[int, ...]) -> str:
        row = f"({', '.join('?' * len(varying))})"
        return self._reading(varying, f"VALUES {', '.join([row] * size)}", repeat("?"), " LIMIT ?")

    def _of_arrays(self, varying: tuple[int, ...]) -> str:
        arrays = ", ".join(f"${number}::{self._kinds[place]}[]" for number, place in enumerate(varying, 1))
        others = (kind for place, kind in enumerate(self._kinds) if place not in varying)
        same = (f"${number}::{kind}" for number, kind in enumerate(others, len(varying) + 1))
        return self._reading(varying, f"SELECT * FROM unnest({arrays})", same)  # noqa: S608 - our own names

    def _reading(self, varying: tuple[int, ...], rows: str, same: Iterator[str], limit: str = "") -> str:
        """The template over `rows` of the varying columns, and one parameter of `same` for each of the others."""
        names = ", ".join(self._names[place] for place in varying)
        chosen = ", ".join(
            name if place in varying else f"{next(same)} AS {name}" for place, name in enumerate(self._names)
        )
        return self._template.format(r=f"(WITH v({names}) AS ({rows}) SELECT {chosen} FROM v{limit}) AS r")  # noqa: S608 - our own names


class InTurn:
    """Two statements that write, one after the other; to PostgreSQL as one, for each way there takes 0.1 ms or more."""

    def __init__(self, first: Bulk, second: Bulk) -> None:
        self._first, self._second, self._both = first, second, lru_cache(256)(_both)

    def run(self, session: Session, first: Sequence[tuple[Any, ...]], second: Sequence[tuple[Any, ...]]) -> None:
        """Execute both, each over its rows, of which there may be none."""
        connection = core(session)
        if first and second and connection.dialect.name != "sqlite":
            (one, values), (other, more) = self._first.for_postgres(first), self._second.for_postgres(second)
            _executed(connection, self._both(one, len(values), other), (*values, *more))
        else:
            self._first.run(session, first)
            self._second.run(session, second)


def _both(first: str, parameters: int, second: str) -> str:
    """One statement of two for PostgreSQL: the parameters of the second come after those of the first."""
    later = re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + parameters}", second)
    return f"WITH first AS ({first}) {later}"


def _adapted(column: Sequence[Any], adapt: Callable[[Any], Any] | None) -> list[Any]:
    return [None if value is None else adapt(value) for value in column] if adapt else list(column)


def _is_same(column: tuple[Any, ...]) -> bool:
    """Whether a column has one value throughout.

    In a few rows that is chance, unless it is None, and every combination is a statement to prepare.
    """
    first = column[0]
    return (first is None or len(column) >= _MANY) and first == column[-1] and column.count(first) == len(column)


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
        if connection.dialect.name == "sqlite":
            cursor = _executed(connection, self._sqlite, values)
        else:
            cursor = _executed(connection, self._postgres, tuple(values[name] for name in self._names))
        try:
            return list(cursor.fetchall())
        finally:
            cursor.close()


def _executed(connection: Connection, statement: str, values: Any) -> Any:
    """A cursor of the driver that has executed the statement; errors are SQLAlchemy's DBAPIError.

    SQLAlchemy's own way takes 30 us more.
    """
    cursor, driver = connection.connection.cursor(), connection.dialect.loaded_dbapi
    try:
        cursor.execute(statement, values)
    except driver.Error as error:
        gone = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
        cursor.close()
        raise DBAPIError.instance(
            statement, None, error, driver.Error, connection_invalidated=gone, dialect=connection.dialect
        ) from error
    return cursor
