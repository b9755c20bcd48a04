"""The command line, as an operator uses it: in a process's own words and exit codes."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.commands import commands
from app.cli.server import address
from app.pages import builds
from app.settings import Settings


@pytest.fixture
def touchstone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a command with an empty folder as the working directory and no setting but those given."""
    for name in list(os.environ):
        if name.startswith("TOUCHSTONE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, stdin: str | None = None, **environment: str) -> Result:
        settings = {f"TOUCHSTONE_{k}": v for k, v in environment.items()}
        return CliRunner().invoke(commands(), list(arguments), input=stdin, env=settings)

    return run


def rows(sql: str) -> list[tuple]:
    connection = sqlite3.connect("touchstone.db")
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def test_an_import_makes_the_database_stores_the_rows_and_says_so(touchstone):
    Path("answers.csv").write_text("branch,score\nNord,5\nSüd,4\nNord,2\n", encoding="utf-8")
    command = ["import", "answers.csv", "--touchpoint-column", "branch", "--touchpoint-prefix", "store-"]
    command += ["--rating-column", "score", "--scale", "stars", "--create-touchpoints"]
    dry = touchstone(*command, "--dry-run")
    assert dry.exit_code == 0 and "3 can be stored, 0 refused" in dry.stdout and "would be made: 2" in dry.stdout
    assert rows("SELECT count(*) FROM feedback") == [(0,)]
    first = touchstone(*command)
    assert first.exit_code == 0 and "3 stored, 0 refused" in first.stdout and "Touchpoints made: 2" in first.stdout
    assert rows("SELECT key FROM touchpoint ORDER BY key") == [("store-nord",), ("store-sued",)]
    again = touchstone(*command)
    assert again.exit_code == 0 and "0 stored, 3 there already, 0 refused" in again.stdout
    assert touchstone("rollup", "verify").exit_code == 0


def test_an_export_is_imported_without_options(touchstone):
    said = {"id": "0192f0c1-2222-7000-8000-000000000001", "touchpoint": "shop", "rating": 4, "comment": None}
    said |= {"reasons": [], "source": "web", "flags": ["spam"], "scale": "smiley"}
    said |= {"occurred_at": "2026-05-01T10:00:00Z", "received_at": "2026-05-01T10:00:01Z"}
    Path("export.ndjson").write_text(json.dumps(said) + "\n")
    first = touchstone("import", "export.ndjson", "--create-touchpoints")
    assert first.exit_code == 0 and "1 stored, 0 refused" in first.stdout, first.stderr
    assert rows(
        "SELECT rating, source, flags, scale FROM feedback JOIN touchpoint ON touchpoint.id = touchpoint_id"
    ) == [(4, "web", "spam", "smiley")]
    assert "0 stored, 1 there already, 0 refused" in touchstone("import", "export.ndjson").stdout


FORM = "Zeitstempel;Nutzername;Wie zufrieden?\n13/05/2026 09:03;kim@example.de;5 - Sehr zufrieden\n"


def test_a_form_is_looked_at_imported_after_a_yes_and_its_mapping_kept_for_the_next(touchstone):
    Path("besuch.csv").write_text(FORM, encoding="cp1252")
    dry = touchstone("import", "besuch.csv", "--dry-run")
    assert dry.exit_code == 0 and "the day comes first" in dry.stdout and "1 can be stored" in dry.stdout
    assert "kim@example.de" not in dry.stdout
    first = touchstone("import", "besuch.csv", "--yes", "--save-mapping", "map.toml", "--refused", "bad.csv")
    assert first.exit_code == 0 and "1 stored, 0 refused" in first.stdout and not Path("bad.csv").exists()
    assert rows("SELECT key, scale, rating FROM feedback JOIN touchpoint ON touchpoint.id = touchpoint_id") == [
        ("google-forms", "csat", 5)
    ]
    assert "@" not in rows("SELECT respondent FROM feedback")[0][0]
    Path("juni.csv").write_text(FORM + "01/06/2026 10:00;;2 - Unzufrieden\n01/06/2026 10:00;;mies\n;;\n")
    next_one = touchstone("import", "juni.csv", "--mapping", "map.toml", "--refused", "bad.csv")
    assert next_one.exit_code == 1
    assert "1 stored, 1 there already, 1 left out, 1 refused" in next_one.stdout
    assert '--map "mies=5"' in next_one.stderr
    kept = Path("bad.csv").read_text().splitlines()
    assert kept[1].startswith("01/06/2026 10:00;;mies;4;")
    Path("bad.csv").write_text(Path("bad.csv").read_text().replace(";mies;", ";1;"))
    mended = touchstone("import", "bad.csv", "--mapping", "map.toml")
    assert mended.exit_code == 0 and "1 stored" in mended.stdout


def test_standard_input_is_imported(touchstone):
    done = touchstone("import", "-", "--yes", "--scale", "stars", "--touchpoint", "shop", stdin="Rating\n5\n4\n")
    assert done.exit_code == 0 and "2 stored" in done.stdout


def test_refused_rows_are_shown_up_to_twenty_all_are_counted_and_the_exit_code_is_one(touchstone):
    Path("answers.csv").write_text("score\n" + "5\n" * 3 + "9\n" * 30)
    command = ["import", "answers.csv", "--touchpoint", "shop", "--rating-column", "score", "--create-touchpoints"]
    result = touchstone(*command)
    assert result.exit_code == 1
    assert "3 stored, 30 refused" in result.stdout
    assert result.stderr.count("line ") == 20 and "line 5: rating" in result.stderr
    assert "and 10 more rows that were refused" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Say --yes"),
        (["--touchpoint", "a", "--touchpoint-column", "b", "--rating-column", "x"], "Say either"),
        (["--scale", "stars"], "Say --yes"),
        (["--rescale", "5"], "said as FROM:TO"),
        (["--map", "Great"], "says no rating"),
        (["--touchpoint", "a", "--rating-column", "x", "--scale", "hearts"], "no scale hearts"),
        (["--touchpoint", "a", "--rating-column", "x", "--timezone", "Mars"], "no time zone Mars"),
        (["--touchpoint", "a", "--rating-column", "x", "--encoding", "utf-99"], "no encoding utf-99"),
        (["--touchpoint", "a", "--rating-column", "x", "--undated", "skip"], "needs --time-column"),
        (["--touchpoint", "a", "--rating-column", "y"], "no column 'y'"),
    ],
)
def test_an_option_that_cannot_be_meant_ends_with_code_two(touchstone, options, said):
    Path("answers.csv").write_text("x\n5\n")
    touchstone("migrate")
    result = touchstone("import", "answers.csv", *options)
    assert result.exit_code == 2 and said in result.stderr


def test_a_wrong_setting_is_named_before_anything_starts(touchstone):
    result = touchstone("migrate", RATE_LIMIT="often")
    assert result.exit_code == 2 and "TOUCHSTONE_RATE_LIMIT" in result.stderr


def test_a_key_is_made_listed_and_revoked(touchstone):
    assert touchstone("migrate").exit_code == 0
    key = touchstone("keys", "create", "reports", "--scope", "scores:read").stdout.strip()
    assert key.startswith("tsk_")
    shown = touchstone("keys", "list").stdout
    assert "reports" in shown and key not in shown and "valid" in shown
    assert "Revoked: reports" in touchstone("keys", "revoke", key[:12]).stdout
    assert "revoked" in touchstone("keys", "list").stdout
    assert touchstone("keys", "revoke", "tsk_nothing0").exit_code == 1
    assert touchstone("keys", "create", "x", "--scope", "everything").exit_code == 2


@pytest.mark.parametrize("name", ["[/]", "[red]bold[/red]", "a\x1b]0;owned\x07b", "a\x9b31mb", "a\u202eb"])
def test_a_key_with_any_name_is_listed_and_no_terminal_obeys_it(touchstone, name):
    """Also one that was stored before names were checked."""
    touchstone("migrate")
    touchstone("keys", "create", "reports", "--scope", "scores:read")
    connection = sqlite3.connect("touchstone.db")
    with connection:
        connection.execute("UPDATE api_key SET name = ?", [name])
    connection.close()
    shown = touchstone("keys", "list")
    assert shown.exit_code == 0
    assert not set(shown.stdout) & set("\x1b\x07\x9b\u202e")
    assert name.encode("unicode_escape").decode() in shown.stdout
    revoked = touchstone("keys", "revoke", "1").stdout
    assert ("\x1b" not in revoked and "Revoked: a" in revoked) or "Revoked: [" in revoked


def test_a_key_cannot_be_made_with_a_name_that_a_terminal_would_obey(touchstone):
    touchstone("migrate")
    refused = touchstone("keys", "create", "\x1b]0;owned\x07", "--scope", "scores:read")
    assert refused.exit_code == 2 and "control character" in refused.stderr and "\x1b" not in refused.stderr


def test_a_rollup_that_is_wrong_is_found_and_mended(touchstone):
    Path("answers.csv").write_text("score\n5\n4\n")
    command = ["import", "answers.csv", "--touchpoint", "shop", "--rating-column", "score", "--create-touchpoints"]
    assert touchstone(*command).exit_code == 0
    connection = sqlite3.connect("touchstone.db")
    with connection:
        connection.execute("UPDATE rollup SET n = n + 1 WHERE grain = 'day'")
    connection.close()
    wrong = touchstone("rollup", "verify")
    assert wrong.exit_code == 1 and "1 cells differ" in wrong.stderr and "shop day" in wrong.stderr
    assert touchstone("rollup", "rebuild").exit_code == 0
    assert touchstone("rollup", "verify").exit_code == 0


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite:///no/such/folder/x.db", "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"]
)
def test_a_database_that_cannot_be_used_is_told_in_a_line(url, tmp_path):
    environment = os.environ | {"TOUCHSTONE_DATABASE_URL": url, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "app.cli", "keys", "list"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr


def test_an_address_that_cannot_be_listened_on_is_told_in_a_line_before_anything_is_made(touchstone):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = touchstone("serve", "--port", str(port))
    assert result.exit_code == 1
    assert result.stderr == f"Cannot listen on 127.0.0.1, port {port}: Address already in use.\n"
    assert "Cannot listen on nowhere.invalid" in touchstone("serve", "--host", "nowhere.invalid").stderr
    assert touchstone("serve", "--port", "80000").exit_code == 2
    assert not Path("touchstone.db").exists()


@pytest.mark.parametrize(
    ("host", "reached"), [("0.0.0.0", "127.0.0.1"), ("shop.lan", "shop.lan"), ("::", "[::1]"), ("fd00::7", "[fd00::7]")]
)
def test_the_address_shown_is_one_that_a_browser_takes(host, reached):
    assert address(Settings(), host, 8000) == f"http://{reached}:8000"


@pytest.mark.postgres
def test_the_rollup_is_verified_and_mended_on_postgresql_too(touchstone, postgres_url):
    Path("answers.csv").write_text("score\n5\n4\n")
    command = ["import", "answers.csv", "--touchpoint", "shop", "--rating-column", "score", "--create-touchpoints"]
    assert touchstone(*command, DATABASE_URL=postgres_url).exit_code == 0
    for words in (["rollup", "verify"], ["rollup", "rebuild"], ["rollup", "verify"], ["keys", "list"]):
        assert touchstone(*words, DATABASE_URL=postgres_url).exit_code == 0


def test_widget_prints_the_lines_for_a_page_with_a_kept_build_and_its_hash(touchstone):
    said = touchstone("widget", "store", "--display", "button", PUBLIC_URL="https://feedback.example/")
    assert said.exit_code == 0
    version, integrity = list(builds.record().items())[-1]
    address = f"https://feedback.example/widget.{version}.js"
    assert f'<script src="{address}" data-touchpoint="store" data-display="button"' in said.stdout
    assert f'integrity="{integrity}" crossorigin="anonymous" async></script>' in said.stdout
    assert touchstone("widget", "--display", "banner").exit_code == 2


def test_a_changed_widget_is_kept_beside_the_earlier_ones(touchstone, tmp_path, monkeypatch):
    monkeypatch.setattr(builds, "made", builds.newest)
    before = builds.record()
    shutil.copytree(builds.KEPT, tmp_path / "kept")
    monkeypatch.setattr(builds, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(builds, "RECORD", tmp_path / "kept" / "integrity.json")
    assert touchstone("widget", "--keep").exit_code == 0
    assert builds.record() == before, "the same sources make no new build"
    monkeypatch.setattr(builds, "made", lambda: b"// another widget")
    said = touchstone("widget", "--keep")
    version = f"v1.{len(before)}"
    assert f"/widget.{version}.js" in said.stdout
    assert (tmp_path / "kept" / f"widget.{version}.js").read_bytes() == b"// another widget"
    assert builds.record() == before | {version: builds.integrity(b"// another widget")}
    builds.kept.cache_clear()
