"""The page that imports a file: it is looked at, corrected, imported in the background, and told of."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app.dashboard.form_errors import NOTHING, FormErrors
from app.dashboard.import_encoding import codec_of, encoding_in, encoding_of, guess_of
from app.dashboard.import_file import TooLarge, file_of
from app.dashboard.import_form import ORDERS, RESCALES, ROLES, said_in, words_of
from app.dashboard.import_words import layout_in, said_in_words, shown
from app.dashboard.localized import Localized
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.importer.answers import UNDATED
from app.importer.encodings import CHOICES
from app.importer.layout import JSON, NDJSON, XLSX
from app.importer.mapping import Mapping, of_json, to_json
from app.importer.row import FileError
from app.importer.stored import scales
from app.models import Upload
from app.scales import own
from app.state import Db
from app.touchpoints.scales import SCALES
from app.uploads import kept
from app.uploads.importing import Importer
from app.uploads.looking import looked_at, mapping_of, reread
from app.work import T

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SCOPE = "feedback:write"
PLACES_SHOWN = 30
BOM = b"\xef\xbb\xbf"  # without it Excel takes UTF-8 for the machine's old code page


async def _all(db: Db, visit: RequestContext, wrong: str = "", status: int = 200) -> Response:
    rows = await db.read(kept.newest)
    said = {"rows": rows, "most": _most(visit) // 2**20, "wrong": FormErrors({"file": wrong} if wrong else {})}
    return visit.page("imports.html", status, shown=shown, **said)


def _most(visit: RequestContext) -> int:
    """The bytes that a file may have."""
    most: int = visit.request.app.state.settings.import_max_mb
    return most * 2**20


@router.get("/import")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need(SCOPE)
    return await _all(db, visit)


@router.post("/import")
async def bring(db: Db, visit: RequestContext = Signed) -> Response:
    """Take a file, look at it, and keep it until somebody says what becomes of it."""
    visit.need(SCOPE)
    try:
        file = await file_of(visit, _most(visit))
    except TooLarge:
        return await _all(db, visit, str(visit.words("import.too_large", most=_most(visit) // 2**20)), 413)
    if file is None:
        return await _all(db, visit, str(visit.words("import.no_file")), 422)
    try:
        number = await _kept(db, visit, file)
    except FileError as error:
        return await _all(db, visit, said_in_words(visit.words, error.said.told), 422)
    finally:
        await file.close()
    return RedirectResponse(f"/import/{number}", 303)


async def _kept(db: Db, visit: RequestContext, file: UploadFile) -> int:
    name = shown(file.filename)
    found = await _look(db, visit, Path(str(file.file.name)), Mapping(), name)
    row = Upload(name=name, size=file.size or 0, created_by=visit.caller.name, found=found)
    return await kept.keep(db, row, file.file)


async def _look(
    db: Db, visit: RequestContext, path: Path, said: Mapping, name: str, encoding: str | None = None
) -> dict[str, Any]:
    there = await db.read(scales)
    return await _aside(visit, lambda: looked_at(path, said, name, there, _most(visit), encoding))


async def _aside(visit: RequestContext, work: Callable[[], T]) -> T:
    """Reads a file where no request waits for it."""
    importer: Importer = visit.request.app.state.importer

    async def reading() -> T:
        return work()

    return await importer.thread.run(reading)


@router.get("/import/{number}")
async def one(number: int, db: Db, visit: RequestContext = Signed) -> Response:
    visit.need(SCOPE)
    row = await db.read(lambda session: kept.by_number(session, number))
    return await _one(db, visit, row)


async def _one(
    db: Db,
    visit: RequestContext,
    row: Upload,
    sent: Mapping | None = None,
    wrong: FormErrors = NOTHING,
    status: int = 200,
    encoding: str = "",
) -> Response:
    """The page of a file; `sent` and `encoding` are what a form said that could not be used as a whole."""
    words = visit.words
    understood = mapping_of(row.found) or Mapping()
    mapping = sent or understood
    said = sent or (of_json(row.said) if row.said else Mapping(timezone=mapping.timezone))
    asked = words_of(understood, row.found["words"])
    template = {kept.RUNNING: "import_running.html", kept.DONE: "import_done.html"}.get(row.state, "import.html")
    return visit.page(
        template,
        status,
        row=row,
        found=row.found,
        mapping=mapping,
        chosen=said,
        wrong=wrong,
        layout=layout_in(words, row.found),
        encodings=CHOICES,
        encoding=encoding or encoding_of(row.found),
        guess=guess_of(row.found),
        when=lambda at: _when(words, at),
        said=lambda told: said_in_words(words, told),
        shown=shown,
        words_asked=[(place, shown(word), mapping.words.get(word, "")) for place, word in enumerate(asked)],
        scale_names={key: words.named("scale", key) for key in await db.read(_scale_keys)},
        roles=ROLES,
        orders=ORDERS,
        rescales=RESCALES,
        undated=UNDATED,
        progress=_progress(row),
        places_shown=PLACES_SHOWN,
        makes=visit.may("touchpoints:write"),
    )


def _when(words: Localized, at: str) -> str:
    return f"{words.day(datetime.fromisoformat(at).date())}, {at[11:16]}"


def _scale_keys(session: Session) -> list[str]:
    return [*SCALES, *(row.key for row in own.every(session)[0])]


def _progress(row: Upload) -> int:
    """Percent of the file; a workbook says only by its rows how far it is."""
    done, of = (row.rows, row.found["rows"]) if row.found["layout"]["kind"] == XLSX else (row.position, row.size)
    return min(99, 100 * done // of) if of else 0


@router.post("/import/{number}")
async def correct(number: int, db: Db, posting: Posting = Posted) -> Response:
    """Look again, as the form says it."""
    visit = posting.visit
    visit.need(SCOPE)
    row = await db.read(lambda session: kept.by_number(session, number))
    if row.state not in (kept.LOOKED, kept.FAILED):
        return RedirectResponse(f"/import/{number}", 303)
    understood = mapping_of(row.found)
    said, wrong = Mapping(), dict[str, str]()
    if understood:
        said, wrong = said_in(posting, row.found["names"], understood, words_of(understood, row.found["words"]))
    encoding = encoding_in(posting, row.found)
    if wrong:
        errors = FormErrors({field: str(visit.words(key)) for field, key in wrong.items()})
        return await _one(db, visit, row, said, errors, 422, encoding)
    try:
        with NamedTemporaryFile() as file:
            path = Path(file.name)
            await kept.fetch(db, number, kept.FILE, path)
            meant = said if encoding == encoding_of(row.found) else await _reread(visit, path, row, said, encoding)
            found = await _look(db, visit, path, meant, row.name, codec_of(encoding, row.found))
    except FileError as error:
        row.report = {"error": error.said.told}
        return await _one(db, visit, row, said, status=422, encoding=encoding)
    found["guess"] = guess_of(row.found)
    await db.write(lambda session: kept.understood(session, number, to_json(meant), found))
    return RedirectResponse(f"/import/{number}", 303)


async def _reread(visit: RequestContext, path: Path, row: Upload, said: Mapping, encoding: str) -> Mapping:
    """What is said of the file in another encoding; columns that nobody named are looked for anew."""
    if said.columns == (mapping_of(row.found) or Mapping()).columns:
        said = replace(said, columns=(of_json(row.said) if row.said else Mapping()).columns)
    return await _aside(visit, lambda: reread(path, said, row.found["names"], codec_of(encoding, row.found)))


@router.post("/import/{number}/begin")
async def begin(number: int, db: Db, posting: Posting = Posted) -> Response:
    """Import it as it is understood."""
    posting.visit.need(SCOPE)
    row = await db.read(lambda session: kept.by_number(session, number))
    if not row.found["open"]:
        makes = posting.visit.may("touchpoints:write")
        await db.write(lambda session: kept.begin(session, number, makes_touchpoints=makes))
        posting.visit.request.app.state.importer.wake()
    return RedirectResponse(f"/import/{number}", 303)


@router.post("/import/{number}/remove")
async def remove(number: int, db: Db, posting: Posting = Posted) -> Response:
    posting.visit.need(SCOPE)
    await db.write(lambda session: kept.forget(session, number))
    return RedirectResponse("/import", 303)


@router.get("/import/{number}/refused")
async def refused(number: int, db: Db, visit: RequestContext = Signed) -> Response:
    """The rows that were refused, to be mended."""
    visit.need(SCOPE)
    row = await db.read(lambda session: kept.by_number(session, number))
    lines = row.found["layout"]["kind"] in (JSON, NDJSON)
    name, kind = ("refused.ndjson", "application/x-ndjson") if lines else ("refused.csv", "text/csv; charset=utf-8")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    pieces = kept.pieces(db, number, kept.REFUSED)
    return StreamingResponse(pieces if lines else _for_excel(pieces), media_type=kind, headers=headers)


async def _for_excel(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield BOM
    async for piece in pieces:
        yield piece
