"""A real server on a real port and a real browser, for whatever must work in one."""

import asyncio
import http.server
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app.main import create_app
from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, NO_TLS
from tests.tools import without

# The headless shell draws no window around the page, which is what takes the whole browser half of its time.
Tabs = Callable[..., Page]
CHROMIUM = os.environ.get("TOUCHSTONE_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
expect.set_options(timeout=20_000)  # the other workers may hold both cores for longer than the 5 s it has by itself


@dataclass
class LiveServer:
    """The service in a thread of its own on a port of 127.0.0.1; it can be stopped and started again."""

    settings: Settings
    port: int
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        config = uvicorn.Config(
            create_app(self.settings), port=self.port, log_level="error", lifespan="on", proxy_headers=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=asyncio.run, args=(self._server.serve(),))
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            self._thread.join(0.01)

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()

    def api(self, method: str, path: str, **options: Any) -> Any:
        """Ask with the admin key; the JSON of the answer."""
        answer = httpx.request(method, self.url + path, headers=ADMIN, verify=NO_TLS, **options)
        assert answer.is_success, answer.text
        return answer.json()

    def make(self, key: str, **fields: Any) -> None:
        """Register a touchpoint that pages of any origin may answer at."""
        self.api("POST", "/v1/touchpoints", json={"key": key, "origins": ["*"], **fields})

    def answers(self, key: str) -> list[dict[str, Any]]:
        """What is stored at a touchpoint, the newest first."""
        found: list[dict[str, Any]] = self.api("GET", f"/v1/feedback?touchpoint={key}")["items"]
        return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


@pytest.fixture
def serve(sqlite_url: str) -> Iterator[Callable[..., LiveServer]]:
    """Starts a service with the settings given: serve(rate_limit="1/minute")."""
    started: list[LiveServer] = []

    def _serve(**settings: Any) -> LiveServer:
        chosen = {"database_url": sqlite_url, "admin_key": ADMIN_KEY, "rate_limit": "off", **settings}
        server = LiveServer(Settings(**chosen), free_port())
        started.append(server)
        server.start()
        return server

    yield _serve
    for server in started:
        server.stop()


@pytest.fixture
def live_server(serve: Callable[..., LiveServer]) -> LiveServer:
    """A service without a rate limit over an empty database."""
    return serve()


@dataclass
class Site:
    """Somebody else's web site: pages by path, each with the headers it is to have."""

    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    port: int = 0

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def page(self, path: str, html: str, **headers: str) -> str:
        """Put a page there; returns its address."""
        self.pages[path] = (html, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.origin + path


@pytest.fixture
def site() -> Iterator[Site]:
    """Somebody else's web site, on another origin than the service."""
    found = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            html, headers = found.pages.get(self.path, ("", {}))
            self.send_response(200)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. While it runs, its event loop holds the thread: a module that uses it has no async tests."""
    if CHROMIUM is None:
        without("browser")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Tabs]:
    """Opens tabs of a fresh profile: tabs(width=320, java_script_enabled=False)."""
    opened = []

    def _tab(width: int = 390, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844}, **options)
        opened.append(context)
        return context.new_page()

    yield _tab
    for context in opened:
        context.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile on a phone-sized screen."""
    found = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    found.set_default_timeout(10_000)
    yield found
    found.close()


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    """An empty tab."""
    return context.new_page()
