"""A table of a page as a file for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from app.answers import cells
from app.scores.formulas import Estimate

BOM = "\ufeff"  # without it Excel takes UTF-8 for the machine's old code page


def table(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A CSV with a header line; texts are marked so that none is taken for a formula, None is an empty cell."""
    text = io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(columns)
    out.writerows([cells.mark(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    file = f"{name}-{datetime.now(UTC).date().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "private, no-store"}
    return Response(BOM + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def figures(estimate: Estimate | None) -> tuple[float | None, ...]:
    """Value, low and high as the API says them."""
    return tuple(round(value, 1) for value in estimate) if estimate else (None, None, None)
