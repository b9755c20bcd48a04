"""doctor, backup and what every command says of itself."""

import asyncio
import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session
from typer.testing import CliRunner, Result

from app.cli.commands import commands
from app.cli.doctor import DISK_SERIOUS, DISK_WARNING, disk
from app.db import open_database
from app.models import Webhook
from app.schema import revisions
from app.touchpoints import registry
from app.touchpoints.schemas import TouchpointIn
from app.version import version
from tests.reliability.load import Told, clients, register
from tests.reliability.server import Server
from tests.reliability.truth import truth
from tests.test_unusable import told_by_a_process

KEY = "x" * 24
RIGHT = {"PUBLIC_URL": "https://feedback.example", "TRUSTED_PROXIES": "10.0.0.0/8", "ADMIN_KEY": KEY, "SECRET_KEY": KEY}


def run(*command: str, **settings: str) -> Result:
    settings = {f"TOUCHSTONE_{name}": value for name, value in settings.items()}
    return CliRunner().invoke(commands(command[0]), command, env=settings)


def file_of(url: str) -> Path:
    return Path(url.partition("///")[2])


def doctor(**settings: str) -> tuple[int, dict[str, list[str]]]:
    """Its exit code, and what it found by level."""
    done = run("doctor", "--json", **settings)
    found = json.loads(done.stdout)
    levels: dict[str, list[str]] = {"ok": [], "warning": [], "serious": []}
    for one in found["findings"]:
        levels[one["level"]].append(f"{one['check']}: {one['said']}")
    assert found["ok"] == (not levels["serious"]) == (done.exit_code == 0)
    return done.exit_code, levels


def test_the_version_is_one_line():
    done = CliRunner().invoke(commands("--version"), ["--version"])
    assert done.exit_code == 0 and done.stdout == f"touchstone {version()}\n"


def test_doctor_finds_nothing_serious_where_all_is_right(sqlite_url):
    file_of(sqlite_url).chmod(0o600)
    code, found = doctor(DATABASE_URL=sqlite_url, **RIGHT)
    assert code == 0 and any("takes answers" in said for said in found["ok"])
    shown = run("doctor", DATABASE_URL=sqlite_url, **RIGHT)
    assert shown.exit_code == 0 and "ok       database     " in shown.stdout


def test_doctor_says_what_is_wrong_and_what_to_do(sqlite_url, tmp_path):
    file_of(sqlite_url).chmod(0o644)
    (tmp_path / "touchstone.secret").write_text(KEY)
    (tmp_path / "touchstone.secret").chmod(0o644)
    os.utime(tmp_path / "touchstone.secret", (4e9, 4e9))
    code, found = doctor(DATABASE_URL=sqlite_url, PUBLIC_URL="https://x.example", RATELIMIT="off")
    assert code == 1 and "TRUSTED_PROXIES" in found["serious"][0] and "20/minute" in found["serious"][0]
    warned = "\n".join(found["warning"])
    for said in ("Is TOUCHSTONE_RATE_LIMIT meant", "chmod 600", "touchstone.secret", "the clock went back"):
        assert said in warned
    for wrong, said in (
        ("sqlite:///no/x.db", "no folder"),
        ("mysql://x/y", "mysql"),
        ("sqlite:///not.db", "no database"),
    ):
        code, found = doctor(DATABASE_URL=wrong, **RIGHT)
        assert code == 1 and said in found["serious"][0]
    assert not Path("not.db").exists()


@pytest.mark.postgres
def test_doctor_finds_a_postgresql_that_loses_what_it_acknowledged(postgres_url):
    """The one of the tests has fsync off: nobody pulls the plug on it."""
    code, found = doctor(DATABASE_URL=postgres_url, **(RIGHT | {"SECRET_KEY": ""}))
    assert code == 1 and found["serious"][0] == "durability: PostgreSQL has fsync=off: a crash loses answers."
    assert "SECRET_KEY" in found["warning"][0]


@pytest.mark.parametrize(
    ("free", "level"), [(DISK_SERIOUS - 1, "serious"), (DISK_WARNING - 1, "warning"), (DISK_WARNING, "ok")]
)
def test_a_disk_that_fills_is_told_before_it_is_full(free, level):
    assert disk(free, Path()).level == level


async def test_a_backup_under_load_is_whole_private_and_serves_all_that_was_acknowledged_before(sqlite_url, tmp_path):
    server, again = Server(sqlite_url, tmp_path / "log"), None
    try:
        server.start()
        await server.ready()
        await register(server.port)
        told, stop = Told(), asyncio.Event()
        load = asyncio.create_task(clients(server.port, told, stop, number=8))
        await asyncio.sleep(0.7)
        before = set(told.acknowledged)
        copy = tmp_path / "kept" / "copy.db"
        copy.parent.mkdir()
        done = await asyncio.to_thread(run, "backup", str(copy), DATABASE_URL=sqlite_url)
        assert done.exit_code == 0, done.output
        during = len(told.acknowledged)
        await asyncio.sleep(0.3)
        stop.set()
        await load
        assert len(before) > 20 and len(told.acknowledged) > during and not told.odd and not told.statuses[503]
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600 and [one.name for one in copy.parent.iterdir()] == ["copy.db"]
        assert str(tmp_path / "touchstone.secret") in done.stdout and str(copy) in done.stdout
        url = f"sqlite+aiosqlite:///{copy}"
        again = Server(url, tmp_path / "log of the copy")
        again.start()
        await again.ready()
        again.stop()
        found = await truth(url)
        assert before <= found.rows.keys() <= told.sent.keys() and not found.drift
    finally:
        server.stop()
        if again:
            again.stop()


def test_a_backup_replaces_nothing_and_makes_nothing_where_it_fails(sqlite_url, tmp_path):
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    refused = run("backup", str(taken), DATABASE_URL=sqlite_url)
    assert refused.exit_code == 2 and "is there already" in refused.stderr and taken.read_text() == "mine"
    missing = run("backup", str(tmp_path / "copy.db"), DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert missing.exit_code == 1 and "There is no database at" in missing.stderr
    content = bytearray(file_of(sqlite_url).read_bytes())
    content[4096 * 2 : 4096 * 20] = os.urandom(4096 * 18)
    (tmp_path / "damaged.db").write_bytes(content)
    damaged = run("backup", str(tmp_path / "copy.db"), DATABASE_URL=f"sqlite:///{tmp_path}/damaged.db")
    assert damaged.exit_code == 1 and "damaged" in damaged.stderr and len(damaged.stderr.splitlines()) == 1
    nowhere = run("backup", str(tmp_path / "no" / "copy.db"), DATABASE_URL=sqlite_url)
    assert nowhere.exit_code == 2 and len(nowhere.stderr.splitlines()) == 1 and "/no" in nowhere.stderr
    full = told_by_a_process(sqlite_url, tmp_path, "backup", str(tmp_path / "copy.db"), limit_bytes=10_000)
    assert len(full.splitlines()) == 1 and "full" in full and "copy.db" in full
    assert not (tmp_path / "none.db").exists() and not list(tmp_path.glob("copy.db*"))


def test_postgresql_is_backed_up_by_its_own_program_which_is_named_without_the_password():
    done = run("backup", "x.dump", DATABASE_URL="postgresql+asyncpg://feedback:hunter2@db/shop")
    assert done.exit_code == 2
    assert "pg_dump --format=custom --file=x.dump postgresql://feedback@db/shop" in done.stderr


def test_commands_say_which_database_they_used_and_list_as_json(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("keys", "create", "reports", "--scope", "scores:read", DATABASE_URL="sqlite:///touchstone.db")
    assert done.stderr == f"Database: {tmp_path / 'touchstone.db'}\n"
    (key,) = json.loads(run("keys", "list", "--json", DATABASE_URL=sqlite_url).stdout)
    assert key["name"] == "reports" and done.stdout.strip() not in json.dumps(key)


def test_what_lists_lists_as_json_too(sqlite_url):
    known = revisions()
    said = json.loads(run("migrate", "--status", "--json", DATABASE_URL=sqlite_url).stdout)
    assert said == {"at": known[-1], "needed": known[-1], "to_be_done": []}
    assert run("migrate", "--to", known[-3], DATABASE_URL=sqlite_url).exit_code == 0
    behind = run("migrate", "--status", "--json", DATABASE_URL=sqlite_url)
    assert behind.exit_code == 1 and json.loads(behind.stdout)["to_be_done"] == list(known[-2:])
    assert run("migrate", DATABASE_URL=sqlite_url).exit_code == 0
    assert json.loads(run("rollup", "verify", "--json", DATABASE_URL=sqlite_url).stdout) == []


def test_a_shell_completes_commands(tmp_path):
    asked = {"_TOUCHSTONE_COMPLETE": "complete_bash", "COMP_WORDS": "touchstone do", "COMP_CWORD": "1"}
    line = "import sys; from app.cli import main; sys.argv = ['touchstone']; main()"
    done = subprocess.run([sys.executable, "-c", line], env=os.environ | asked, capture_output=True, text=True)
    assert done.stdout.split() == ["doctor"], done.stderr


async def test_doctor_tells_of_origins_webhooks_and_proxies(sqlite_url):
    db = open_database(sqlite_url)
    now = datetime.now(UTC)
    hook = {"events": "feedback.created", "secret": "s"}

    def rows(session: Session) -> None:
        for key, origins in (("any", ["*"]), ("plain", ["http://shop.example"]), ("right", ["https://shop.example"])):
            made = TouchpointIn(key=key, origins=origins)
            registry.create(session, made)
        session.add(Webhook(url="http://10.0.0.7/x", **hook))
        session.add(Webhook(url="https://hooks.example.com/x", failing_since=now, **hook))
        session.add(Webhook(url="https://hooks.example.com/y", disabled_at=now, disabled_because="it is gone", **hook))

    await db.write(rows)
    await db.close()
    settings = RIGHT | {"TRUSTED_PROXIES": "0.0.0.0/0"}
    code, found = await asyncio.to_thread(doctor, DATABASE_URL=sqlite_url, **settings)
    assert code == 1 and [said.partition(":")[0] for said in found["serious"]] == ["webhooks", "proxy"]
    assert "WEBHOOK_ALLOW_NETWORKS" in found["serious"][0] and "0.0.0.0/0" in found["serious"][1]
    warned = "\n".join(found["warning"])
    assert "answers to any: name" in warned and "http://shop.example" in warned and "right" not in warned
    assert "Webhook 2 has failed since" in warned and "it is gone" in warned


def test_an_import_into_a_wrong_folder_makes_no_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("answers.csv").write_text("score\n5\n")
    line = ["import", "answers.csv", "--touchpoint", "shop", "--rating-column", "score"]
    done = run(*line)
    assert done.exit_code == 1 and "There is no database at" in done.stderr and not Path("touchstone.db").exists()
    assert run(*line, "--create-touchpoints").exit_code == 0


@pytest.mark.parametrize("port_taken", [False, True])
async def test_every_line_of_a_service_is_json_where_the_log_is(tmp_path, port_taken):
    server = Server(f"sqlite+aiosqlite:///{tmp_path}/x.db", tmp_path / "log", as_command=True, RATELIMIT="off")
    del server.environment["TOUCHSTONE_ADMIN_KEY"]
    with socket.create_server(("127.0.0.1", server.port)) if port_taken else contextlib.nullcontext():
        server.start()
        if port_taken:
            assert await asyncio.to_thread(server.wait) == 1
        else:
            await server.ready()
            server.stop()
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert all({"time", "level", "event"} <= line.keys() for line in lines)
    events = [line["event"] for line in lines]
    if port_taken:
        assert events == ["unknown_setting", "failed"] and "already in use" in lines[-1]["said"]
        return
    assert events[0] == "unknown_setting" and events[-1] == "stopped"
    assert {"database", "admin_key", "address", "started", "stopping"} <= set(events)
    (started,) = [line for line in lines if line["event"] == "started"]
    assert started["version"] == version() and started["schema"]
