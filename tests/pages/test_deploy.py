"""The examples that an operator starts from: every setting reaches the container, and nginx passes on what it must."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.settings import PREFIX, Settings
from tests.conftest import ADMIN, ADMIN_KEY, NO_TLS
from tests.pages.conftest import LiveServer, free_port
from tests.reliability.load import register
from tests.reliability.server import Server
from tests.tools import program

OF_A_REPLICA = {"touchstone_replica_used", "touchstone_replica_lag_seconds"}  # tests/reliability/test_replica.py
ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
AROUND = """
{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {example}
}}
"""


def test_compose_hands_every_setting_through():
    text = (ROOT / "compose.yaml").read_text()
    given = set(re.findall(rf"^\s+({PREFIX}\w+):", text, re.MULTILINE))
    ours = {"host", "port"}  # of the container, which its Dockerfile sets
    assert given == {PREFIX + name.upper() for name in Settings.model_fields if name not in ours}
    assert not re.search(r"://[^\s]*\$\{", text), "a password within a URL arrives changed"


def test_the_image_goes_without_what_it_removes():
    removed = re.findall(r"pip uninstall --yes (\w+)", (ROOT / "Dockerfile").read_text())
    assert removed == ["pip", "pip"]
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (ROOT / "app").rglob("*.py")]
    wanted = [name for name in modules if not name.endswith("__main__")]
    lines = f"import sys, importlib; sys.modules['pip'] = None; [importlib.import_module(one) for one in {wanted!r}]"
    done = subprocess.run([sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


async def test_a_service_writes_nowhere_but_beside_its_database(tmp_path, sqlite_url):
    """As the image's and the pods' read-only root asks for: nothing beside the code, and no temporary file."""
    strace = program("strace")
    opened = tmp_path / "opened"
    server = Server(sqlite_url, tmp_path / "log", as_command=True)
    server.environment["PYTHONDONTWRITEBYTECODE"] = "1"  # an image has its modules compiled
    server.start(under=(strace, "-f", "-e", "trace=open,openat,creat", "-o", str(opened)))
    try:
        await server.ready()
        await register(server.port)
    finally:
        server.stop()
    written = re.findall(r'"([^"]+)", [^)]*O_(?:WRONLY|RDWR)[^)]*\) = \d', opened.read_text())
    assert {path for path in written if not path.startswith(("/dev/", str(tmp_path)))} == set()
    assert any(path.endswith("touchstone.db-wal") for path in written)


@pytest.mark.parametrize("name", ["prometheus-rules.yml", "grafana.json"])
async def test_every_metric_that_is_watched_is_there(name, client, make):
    await make("shop", scale="csat")
    hook = {"url": "https://hooks.example.com/", "events": ["feedback.created"]}
    assert (await client.post("/v1/webhooks", json=hook)).status_code == 201
    await client.post("/v1/touchpoints/shop/feedback", json={"rating": 4})
    text = (DEPLOY / name).read_text()
    if name.endswith("json"):
        json.loads(text)
    there = (await client.get("/metrics")).text
    watched = set(re.findall(r"\btouchstone_\w+", text)) - {"touchstone_sqlite_wal_bytes", *OF_A_REPLICA}
    assert len(watched) > 3 and not {metric for metric in watched if f"\n{metric}" not in "\n" + there}


def test_the_systemd_unit_is_read_without_complaint(tmp_path):
    analyze = program("systemd-analyze")
    unit = tmp_path / "touchstone.service"
    text = (DEPLOY / "touchstone.service").read_text()
    unit.write_text(text.replace("/opt/touchstone/bin/touchstone", shutil.which("true") or "/bin/true"))
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, timeout=20)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "touchstone" in line]
    assert not said, said


def test_each_alert_is_woken_by_what_it_is_for_and_by_nothing_else(tmp_path):
    promtool = program("promtool")
    for path in (DEPLOY / "prometheus-rules.yml", Path(__file__).with_name("prometheus-rules.test.yml")):
        shutil.copy(path, tmp_path)
    command = [promtool, "test", "rules", "prometheus-rules.test.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_its_case():
    rules, cases = (DEPLOY / "prometheus-rules.yml"), Path(__file__).with_name("prometheus-rules.test.yml")
    named = set(re.findall(r"alert: (\w+)", rules.read_text()))
    assert named and named == set(re.findall(r'alertname="(\w+)"', cases.read_text()))


@contextmanager
def passing(command: list[str | Path], home: str) -> Iterator[None]:
    """A proxy that runs and passes on."""
    proxy = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                httpx.get(f"{home}/healthz", verify=NO_TLS)
                break
            except httpx.ConnectError:
                time.sleep(0.02)
        yield
    finally:
        proxy.terminate()
        proxy.wait(10)


@pytest.fixture
def through_caddy(serve: Callable[..., LiveServer], tmp_path: Path):
    """The service behind the example, without its TLS: the server and Caddy's address."""
    caddy = program("caddy")
    server, port = serve(trusted_proxies="127.0.0.0/8"), free_port()
    example = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    around = "{\n admin off\n auto_https off\n}\n"
    config = tmp_path / "Caddyfile"
    config.write_text(around + example.replace("feedback.example {", f"http://127.0.0.1:{port} {{"))
    home = f"http://127.0.0.1:{port}"
    with passing([caddy, "run", "--adapter", "caddyfile", "--config", config], home):
        yield server, home


@pytest.fixture
def through_nginx(serve: Callable[..., LiveServer], tmp_path: Path):
    """The service behind the example, without its TLS: the server and nginx's address."""
    nginx = program("nginx")
    server, port = serve(trusted_proxies="127.0.0.0/8"), free_port()
    example = (DEPLOY / "nginx.conf").read_text()
    example = re.sub(r"^\s*ssl_.*\n", "", example, flags=re.MULTILINE)
    example = example.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};").replace(
        "127.0.0.1:8000", f"127.0.0.1:{server.port}"
    )
    conf = tmp_path / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # else its worker may not write large bodies into the folder
    conf.write_text(AROUND.format(folder=tmp_path, example=example, user=user))
    command = [nginx, "-c", str(conf), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")]
    home = f"http://127.0.0.1:{port}"
    with passing(command, home):
        yield server, home


@pytest.mark.parametrize("proxy", ["nginx", "caddy"])
def test_a_proxy_passes_on_who_asks_large_batches_and_live_events(request, proxy):
    server, home = request.getfixturevalue(f"through_{proxy}")
    server.make("shop", kind="online_shop")
    with httpx.Client(base_url=home, verify=NO_TLS, headers=ADMIN, timeout=20) as client:
        items = [{"touchpoint": "shop", "rating": 4, "comment": "x" * 1500} for _ in range(1000)]
        assert client.post("/v1/feedback/batch", json={"items": items}).json()["created"] == 1000
        forged = {"X-Request-Id": "mine", "X-Forwarded-For": "203.0.113.9"}
        answer = client.get("/v1/touchpoints/none", headers=forged)
        own = answer.headers["x-request-id"].replace("-", "")
        assert re.fullmatch("[0-9a-f]{32}", own), "the proxy's own id, by which its log names it"
        client.post("/login", data={"key": ADMIN_KEY})
        started = time.monotonic()
        with client.stream("GET", "/live") as events:
            first = next(events.iter_text())
        assert "retry" in first and time.monotonic() - started < 3
        assert client.head("/v1/scores").status_code == 200
