"""Many rows in one statement on both databases: they go in as one JSON parameter and come out as a table named `r`."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import TextClause, text
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
