"""Statements written once for both databases: `Bulk` takes many rows in one, `Lookup` reads on the shortest way.

In a `Bulk`, the rows go in as one JSON parameter and come out as a table named `r`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.db import core, is_sqlite


def source(columns: Mapping[str, str], *, sqlite: bool) -> str:
    """A FROM item `r` of `columns` (name to PostgreSQL type) that reads the parameter :rows.

    SQLite gets arrays instead of objects: it finds a place in half the time of a name.
    """
    if sqlite:
        picks = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(columns))
        return f"(SELECT {picks} FROM json_each(:rows)) AS r"  # noqa: S608 - names of our own columns
    types = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"json_to_recordset(CAST(:rows AS json)) AS r({types})"


class Bulk:
    """A statement over many rows. `template` has {r} where the rows come in; prepared once per database."""

    def __init__(self, template: str, columns: Mapping[str, str]) -> None:
        self._columns = tuple(columns)
        self._by_dialect: dict[bool, TextClause] = {
            sqlite: text(template.format(r=source(columns, sqlite=sqlite))) for sqlite in (True, False)
        }

    def run(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> Any:
        """Execute over `rows`, each in the order of the columns; the result is SQLAlchemy's."""
        sqlite = is_sqlite(session)
        given = rows if sqlite else [dict(zip(self._columns, row, strict=True)) for row in rows]
        return core(session).execute(self._by_dialect[sqlite], {"rows": to_json(given).decode()})


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
