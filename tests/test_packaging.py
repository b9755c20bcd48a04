"""The wheel serves from an empty folder, with nothing beside it but what it depends on."""

import os
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from app.settings import PREFIX
from tests.test_readme import wait_until_ready

ROOT = Path(__file__).parents[1]


def pip(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".")
    (found,) = folder.glob("touchstone_feedback-*.whl")
    return found


def test_the_wheel_carries_every_file_of_the_app_and_the_migrations(wheel):
    carried = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (("app", "app"), ("migrations", "app/_migrations")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"{inside}/{path.relative_to(ROOT / folder).as_posix()}" in carried
    assert not [name for name in carried if name.startswith(("tests/", "docs/"))]


def test_the_installed_wheel_serves_from_an_empty_folder(wheel, tmp_path):
    """In a new virtual environment, with the dependencies that the wheel itself names and no others."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    bin_folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip("--python", str(bin_folder / "python"), "install", "--quiet", "--no-compile", str(wheel))
    folder = tmp_path / "empty"
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTHON"))}
    environment |= {"TOUCHSTONE_ADMIN_KEY": "admin-key-of-the-wheel-test"}
    process = subprocess.Popen([bin_folder / "touchstone", "serve", "--port", str(port)], cwd=folder, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(address, process)
        headers = {"Authorization": "Bearer admin-key-of-the-wheel-test"}
        with httpx.Client(base_url=address, headers=headers) as client:
            assert client.post("/v1/touchpoints", json={"kind": "invoice"}).status_code == 201
            assert client.post("/v1/touchpoints/invoice/feedback", json={"rating": 4}).status_code == 201
            assert client.get("/v1/touchpoints/invoice/score").json()["count"] == 1
            assert client.get("/t/invoice").status_code == 200
            assert client.get("/widget.v1.js").status_code == 200
    finally:
        process.terminate()
        process.wait(30)
    assert (folder / "touchstone.db").exists()


def test_the_lock_pins_every_dependency_by_hash_and_names_no_host():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    pinned = {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}
    project = (ROOT / "pyproject.toml").read_text().split("dependencies = [")[1].split("\n]")[0]
    wanted = {name.lower() for name in re.findall(r'^  "([A-Za-z0-9._-]+)', project, re.MULTILINE)}
    assert wanted <= pinned, "make requirements.lock anew (its first lines say how)"
    for entry in re.split(r"\n(?=[a-z0-9])", lock.split("requirements.lock\n")[-1].strip()):
        assert "--hash=sha256:" in entry


def test_the_image_does_not_run_as_root_and_its_files_exist():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert "USER touchstone" in lines
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
