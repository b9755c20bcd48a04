"""Many rows in one statement on both databases: they go in as one JSON parameter and come out as a table named `r`."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import TextClause, text
from sqlmodel import Session

from app.db import is_sqlite


def source(columns: Mapping[str, str], *, sqlite: bool) -> str:
    """A FROM item `r` of `columns` (name to PostgreSQL type) that reads the parameter :rows."""
    if sqlite:
        picks = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
        return f"(SELECT {picks} FROM json_each(:rows)) AS r"  # noqa: S608 - names of our own columns
    types = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"json_to_recordset(CAST(:rows AS json)) AS r({types})"


class Bulk:
    """A statement over many rows. `template` has {r} where the rows come in; prepared once per database."""

    def __init__(self, template: str, columns: Mapping[str, str]) -> None:
        self._by_dialect: dict[bool, TextClause] = {
            sqlite: text(template.format(r=source(columns, sqlite=sqlite))) for sqlite in (True, False)
        }

    def run(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> Any:
        """Execute over `rows`; the result is SQLAlchemy's."""
        statement = self._by_dialect[is_sqlite(session)]
        return session.connection().execute(statement, {"rows": to_json(rows).decode()})
