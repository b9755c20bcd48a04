"""The file under a running service is removed, replaced, overwritten: nothing is acknowledged that is not in the file.

Counted are the answers that were sent after the accident and acknowledged: they must be in the file that stands at the
path in the end, which must be whole, and the service must take answers again without a restart.
"""

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.commands import commands
from tests.reliability.load import Told, clients, register
from tests.reliability.report import report
from tests.reliability.server import Server, status
from tests.reliability.truth import truth


def remove(file: Path, _backup: Path) -> None:
    for each in file.parent.glob("touchstone.db*"):
        each.unlink()


def move_over(file: Path, backup: Path) -> None:
    shutil.copy(backup, backup.with_suffix(".copy")).replace(file)


def copy_over(file: Path, backup: Path) -> None:
    shutil.copyfile(backup, file)


def truncate(file: Path, _backup: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def move_away(file: Path, _backup: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


def move_back(file: Path, _backup: Path) -> None:
    file.with_name("elsewhere.db").rename(file)


def touch(file: Path, _backup: Path) -> None:
    file.touch()


def nothing(_file: Path, _backup: Path) -> None:
    pass


def back_up(file: Path) -> Path:
    """As `touchstone backup` does it."""
    copy = file.with_name("backup")
    environment = {"TOUCHSTONE_DATABASE_URL": f"sqlite:///{file}"}
    done = CliRunner().invoke(commands("backup"), ["backup", str(copy)], env=environment)
    assert done.exit_code == 0, done.output
    return copy


async def colours(server: Server, seconds: float) -> set[int | None]:
    """What /readyz says over a while; of several workers, whichever answers."""
    seen, loop = set(), asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        seen.add(await status(server.port, "/readyz"))
        await asyncio.sleep(0.02)
    return seen


Deed = Callable[[Path, Path], None]
# What happens, what mends it (None: the service does so itself), and whether the service must have said 503 meanwhile.
ACCIDENTS: dict[str, tuple[Deed, Deed | None, bool]] = {
    "rm": (remove, copy_over, True),
    "mv of a backup over it": (move_over, None, True),
    "cp of a backup over it": (copy_over, None, True),
    "truncated": (truncate, copy_over, True),
    "moved away and back": (move_away, move_back, True),
    "touched": (touch, None, False),
    "left alone": (nothing, None, False),
}


CASES = [(name, 1) for name in ACCIDENTS] + [(name, 2) for name in list(ACCIDENTS)[:3]]


@pytest.mark.parametrize(("name", "workers"), CASES)
async def test_nothing_is_acknowledged_that_is_not_in_the_file(serve, sqlite_url, name, workers):
    happens, mend, refused = ACCIDENTS[name]
    file = Path(sqlite_url.removeprefix("sqlite+aiosqlite:///"))
    server = serve(sqlite_url, workers=workers)
    server.start()
    await server.ready()
    await register(server.port)
    told, stop = Told(), asyncio.Event()
    load = asyncio.create_task(clients(server.port, told, stop, number=12))
    await asyncio.sleep(0.5)
    backup = back_up(file)
    await asyncio.sleep(1)
    happens(file, backup)
    before = set(told.sent)
    seen = await colours(server, 1.3)
    if mend:
        mend(file, backup)
    await asyncio.sleep(1.7)
    green = await colours(server, 0.3)
    at_once = len(told.acknowledged)
    await asyncio.sleep(0.5)
    stop.set()
    await load
    server.stop()
    told.acknowledged -= before  # what the backup does not hold is gone with the file, as whoever restored it meant
    server.start()
    await server.ready()
    found = await truth(sqlite_url)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
    lost = found.missing(told)
    log = server.log.read_text()
    figure = (
        f"{len(told.acknowledged)} acknowledged since, {lost} of them not there, drift {found.drift}, "
        f"file {whole}, readiness {sorted(map(str, seen))} then {sorted(map(str, green))}, {told.statuses[503]} x 503"
    )
    holds = (
        not lost
        and not found.drift
        and whole == "ok"
        and not told.odd
        and (503 in seen or (mend is None and told.statuses[503] > 0)) == refused
        and green == {200}
        and len(told.acknowledged) > 0
        and at_once > 0
        and ("database_file" in log) == refused
    )
    report(f"SQLite file {name}, {workers} workers", figure, "0 not there, whole", holds=holds)
