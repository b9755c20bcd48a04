"""PostgreSQL is copied while it serves and restored, by the lines of docs/upgrading.md."""

import asyncio
import os
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.commands import commands
from tests.conftest import _other
from tests.reliability.load import Told, clients, register
from tests.reliability.truth import truth

UPGRADING = Path(__file__).parents[2] / "docs" / "upgrading.md"


def lines(postgres: str, dump: Path) -> list[list[str]]:
    """What the notes say to run, for this server and folder."""
    (block,) = re.findall(r"```sh\n(pg_dump .*?)```", UPGRADING.read_text(encoding="utf-8"), re.DOTALL)
    found = [line.split() for line in block.splitlines()]
    named = {"touchstone": "copied", "postgres": "postgres", "restored": "restored"}

    def fitted(word: str) -> str:
        word = word.replace("touchstone.dump", str(dump))
        return re.sub(r"postgresql://touchstone@HOST/(\w+)", lambda at: _other(postgres, named[at[1]]), word)

    return [[fitted(word) for word in line] for line in found]


@pytest.mark.postgres
async def test_postgresql_is_copied_under_load_and_the_copy_serves_all_that_was_acknowledged_before(
    serve, own_postgres, tmp_path
):
    url = own_postgres.fresh("copied")
    own_postgres.psql("DROP DATABASE IF EXISTS restored")
    server = serve(url)
    server.start()
    await server.ready()
    await register(server.port)
    told, stop = Told(), asyncio.Event()
    load = asyncio.create_task(clients(server.port, told, stop, number=8))
    await asyncio.sleep(0.5)
    before = set(told.acknowledged)
    dump, restore = tmp_path / "touchstone.dump", lines(own_postgres.uri, tmp_path / "touchstone.dump")
    environment = {"TOUCHSTONE_DATABASE_URL": url}
    said = CliRunner().invoke(commands("backup"), ["backup", str(dump)], env=environment).stderr
    assert restore[0][:2] == ["pg_dump", "--format=custom"] and " ".join(restore[0][:2]) in said
    programs = {**os.environ, "PATH": f"{own_postgres._server.bin_path}:{os.environ['PATH']}"}
    for line in restore:
        done = await asyncio.to_thread(subprocess.run, line, env=programs, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (line, done.stderr)
        if line[0] == "pg_dump":
            stop.set()
            await load
    assert len(told.acknowledged) > len(before) > 20 and not told.odd
    again = serve(_other(own_postgres.uri, "restored"))
    again.start()
    await again.ready()
    again.stop()
    found = await truth(_other(own_postgres.uri, "restored"))
    assert before <= found.rows.keys() <= told.sent.keys() and not found.drift
