"""An import, carried out: the database, the bar of progress, the file of refused rows."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import make_url

from app import migrate
from app.cli.import_look import Chosen
from app.cli.run import migrated, settings, with_chosen, with_database
from app.db import Database
from app.importer.labels import NO_SCALES, Scales
from app.importer.look import Looked
from app.importer.refused import keeping
from app.importer.run import Import
from app.importer.stored import Stored, imported_counts, scales
from app.importer.tally import Tally
from app.importer.wish import hides_people, wish_of
from app.scores.segment_folding import folded
from app.secret import signing_secrets
from app.sqlite_open import path_of

AGAIN = "Run the same import again to go on."


@contextmanager
def spooled(file: Path) -> Iterator[Path]:
    """The file, which is read several times; standard input is kept in a file of its own meanwhile."""
    if str(file) != "-":
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
        yield path


def scales_there() -> Scales:
    """The scales that are there."""
    url = settings().database_url
    if migrate.is_embedded(url):
        if not path_of(make_url(url)).exists():
            return NO_SCALES
        migrated(url)
    return with_database(url, lambda db: db.read(scales))


def run(chosen: Chosen, looked: Looked, refused: Path | None, *, create: bool) -> tuple[Tally, dict[str, Stored]]:
    """Import the file as it is understood; what became of its rows, and what its touchpoints have from files now."""
    url = settings().database_url
    if migrate.is_embedded(url) and create:
        migrated(url)  # a database without touchpoints would be of no use to who did not ask for them
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(), console=Console(stderr=True),
    )  # fmt: skip
    task = bar.add_task("Checking" if chosen.dry_run else "Importing", total=chosen.path.stat().st_size, rows="")

    def progress(position: int, rows: int) -> None:
        seconds = bar.tasks[0].elapsed or 0
        speed = f", {rows / seconds:,.0f} rows/s" if seconds else ""
        bar.update(task, completed=position, rows=f"{rows:,} rows{speed}")

    async def work(db: Database) -> tuple[Tally, dict[str, Stored]]:
        columns = looked.mapping.columns if looked.mapping else None
        mapping = looked.mapping or chosen.said
        secret = (await signing_secrets(db, settings()))[0] if hides_people(mapping) else b""
        wish = wish_of(mapping, looked.layout, secret, create=create, dry_run=chosen.dry_run)
        with keeping(refused, looked.names, looked.layout) if refused else nullcontext() as keep:
            done = Import(db, columns, wish, Tally(keep=keep))
            tally = await done.run(chosen.path, progress)
        await folded(db)  # perhaps no service runs that would, and somebody reads by SQL
        return tally, await db.read(lambda session: imported_counts(session, tally.of_file))

    with bar:
        return with_chosen(work, then=AGAIN)
