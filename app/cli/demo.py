"""`touchstone demo`: the service over a pretend company, to look around in."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from app import auth
from app.cli.run import fail, migrated, settings, with_database
from app.cli.server import address, listen, run_server
from app.db import Database
from app.demo import tablets
from app.demo.build import allow_origins, build, is_empty, is_ours
from app.demo.company import PLACES
from app.settings import Settings

PAGES = (
    ("Dashboard", "/"),
    ("Demo shop", "/demo"),
    ("Hosted page", "/t/physical-store"),
    ("Mail", "/demo/mail"),
    ("Tablet", "/kiosk"),
    ("API docs", "/docs"),
)


def demo(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
    database: Annotated[Path, typer.Option(help="Its file; used again when it is there.")] = Path("touchstone-demo.db"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Make that file anew.")] = False,
) -> None:
    """Serve a pretend company, with half a year of answers, from a database of its own."""
    os.environ["TOUCHSTONE_DATABASE_URL"] = f"sqlite+aiosqlite:///{database}"
    os.environ.pop("TOUCHSTONE_READ_DATABASE_URL", None)
    chosen = settings()
    host, port = host or chosen.host, chosen.port if port is None else port
    listening = listen(host, port)
    port = listening.getsockname()[1]
    if fresh:
        for file in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
            file.unlink(missing_ok=True)
    shown = address(chosen, host, port)
    migrated(chosen.database_url)
    key = with_database(chosen.database_url, lambda db: _ready(db, chosen, shown, port))
    if tablet := with_database(chosen.database_url, lambda db: db.write(tablets.wake)):
        tablets.report(address(chosen.model_copy(update={"public_url": None}), host, port), tablet)
    for name, path in PAGES:
        typer.echo(f"{name + ':':<13}{shown}{path}")
    typer.echo(f"{'Admin key:':<13}{typer.style(key, bold=True)}")
    run_server(host, port, listening=listening)


async def _ready(db: Database, chosen: Settings, shown: str, port: int) -> str:
    """Fill an empty database; let the shop's pages post; an admin key that works."""
    home = urlsplit(shown)  # an origin has no path
    origins = sorted({f"{home.scheme}://{home.netloc}", f"http://127.0.0.1:{port}", f"http://localhost:{port}"})
    if await db.read(is_empty):
        await _fill(db, origins)
    elif not await db.read(is_ours):
        raise fail("This database holds something else than the demo. Name another one with --database.", 2)
    else:
        await db.write(lambda session: allow_origins(session, origins))
    if chosen.admin_key:
        return "the one of TOUCHSTONE_ADMIN_KEY"
    return (await db.write(lambda session: auth.create_key(session, "demo", (auth.ADMIN,))))[0]


async def _fill(db: Database, origins: list[str]) -> None:
    said = TextColumn("{task.fields[said]}")
    bar = Progress(TextColumn("Lindhøj opens"), BarColumn(), said, console=Console(stderr=True))
    with bar:
        task = bar.add_task("", total=len(PLACES), said="")

        def progress(places: int, answers: int) -> None:
            bar.update(task, completed=places, said=f"{answers:,} answers")

        await build(db, origins, datetime.now(UTC), progress)
