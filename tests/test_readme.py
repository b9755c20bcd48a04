"""What the README says is true: its commands are run, its settings are the settings."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.main import get_command

from app.cli.commands import commands
from app.settings import PREFIX, Settings
from tests.conftest import NO_TLS
from tests.tools import program

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"
NOT_RUN_HERE = ("pip ", "docker ")  # tests/test_packaging.py installs; the tests cannot run themselves


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """`touchstone serve` in an empty folder: its address, the admin key it printed, the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with (tmp_path / "said").open("wb") as said:
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=said, stderr=said)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        key = re.search(r"tsk_\S+", (tmp_path / "said").read_text())
        assert key, (tmp_path / "said").read_text()
        yield f"http://127.0.0.1:{port}", key[0], tmp_path
    finally:
        process.terminate()
        process.wait(30)


def wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the service is ready; fail when it has ended or takes a minute."""
    for _ in range(600):
        assert process.poll() is None, "the service has ended"
        try:
            if httpx.get(f"{address}/readyz", verify=NO_TLS).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("the service was not ready within a minute")


def test_the_commands_of_the_readme_work_as_written(served):
    program("curl")
    address, key, folder = served
    scripts = [block for block in blocks("sh") if not block.startswith(NOT_RUN_HERE)]
    assert len(scripts) == 5 and "curl" in scripts[1]
    script = "\n".join(scripts).replace(ADDRESS, address).replace("tsk_...", key)
    script = f'set -e\ntouchstone() {{ "{sys.executable}" -m app.cli "$@"; }}\n{script}'
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(blocks("json")[0])
    headers = {"Authorization": f"Bearer {key}"}
    score = httpx.get(f"{address}/v1/touchpoints/checkout/score", headers=headers).json()
    assert {name: score[name] for name in said} == said
    imported = httpx.get(f"{address}/v1/touchpoints/store-sued/score", headers=headers).json()
    assert imported["count"] == 1 and "2 stored, 0 refused" in done.stdout


def test_the_two_commands_of_the_readme_are_there_and_checks_run_them():
    first, second = (block.strip() for block in blocks("sh")[:2])
    assert first == "pip install . && touchstone serve"
    assert second == "pip install '.[test]' && pytest"
    checks = (ROOT / ".ci" / "run").read_text()
    assert "'.[test]'" in checks and "pytest" in checks


def test_every_setting_is_in_the_readme_with_its_default_and_meaning():
    table = dict(re.findall(rf"^\| `({PREFIX}\w+)` \| (.*) \|$", README, re.MULTILINE))
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, ()) else f"`{field.default}`"
        assert table.pop(PREFIX + name.upper()) == f"{default} | {field.description}"
    assert not table, "the README has settings that are none"


def test_every_command_is_in_the_readme():
    for name in get_command(commands()).commands:  # type: ignore[attr-defined]
        assert re.search(rf"^\| `touchstone {name}\b", README, re.MULTILINE), name


def test_links_into_the_repository_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
