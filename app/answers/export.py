"""Answers out to others, as CSV for people and NDJSON for machines: read and sent page by page, however many."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from app.answers import cells, listing
from app.answers.schemas import SegmentedFilter
from app.auth import KeyedRoute, needs
from app.db import Reader
from app.fast_routes import problems
from app.models import now
from app.state import Reads

router = APIRouter(prefix="/v1/feedback", tags=["feedback"], route_class=KeyedRoute)
PAGE = 500
BOM = "\ufeff"  # without it Excel takes UTF-8 for the machine's old code page
Items = Sequence[dict[str, Any]]
Pages = AsyncIterator[Items]


class ExportQuery(SegmentedFilter):
    """Which answers, in which form."""

    format: Literal["csv", "ndjson"] = Field(
        "csv",
        description="`csv` for spreadsheets: an apostrophe stands wherever one could begin a formula; "
        "`ndjson` for machines: one answer per line, unchanged",
    )
    delimiter: Literal[",", ";", "\t"] = Field(
        ",", description="of the columns of a CSV: `;` where the comma parts decimals, as spreadsheets there expect"
    )


@router.get(
    "/export",
    dependencies=[Depends(needs("feedback:read"))],
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}, "application/x-ndjson": {}}}, **problems(401, 403, 404, 422)},
)
async def export_feedback(reads: Reads, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
    """All answers that fit, newest first, as a file. `touchstone import FILE` takes it back whole."""
    first = await _page(reads, query, None)  # what is wrong with the question is said before anything is sent
    pages = _pages(reads, query, *first)
    lines = as_csv(pages, query.delimiter) if query.format == "csv" else as_ndjson(pages)
    media = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}[query.format]
    name = f"feedback-{now().date().isoformat()}.{query.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingResponse(lines, media_type=media, headers=headers)


async def _page(reads: Reader, query: ExportQuery, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    return await reads.read(lambda session: listing.newest(session, query, PAGE, cursor))


async def _pages(reads: Reader, query: ExportQuery, items: list[dict[str, Any]], cursor: str | None) -> Pages:
    yield items
    while cursor:
        items, cursor = await _page(reads, query, cursor)
        yield items


async def as_csv(pages: Pages, delimiter: str = ",") -> AsyncIterator[str]:
    """RFC 4180 with a byte order mark and a header line; every cell of an answer is quoted."""
    yield f"{BOM}{delimiter.join(cells.COLUMNS)}\r\n"
    async for items in pages:
        yield _lines([[cells.mark(cells.text(item[name])) for name in cells.COLUMNS] for item in items], delimiter)


async def as_ndjson(pages: Pages) -> AsyncIterator[bytes]:
    """One JSON object per line, as the list of answers shows them."""
    async for items in pages:
        yield b"".join(to_json(item) + b"\n" for item in items)


def _lines(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()
