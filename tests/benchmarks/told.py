"""An answer with people to tell: a confirmed subscriber (digest and alerts) and a chat, against a service with neither.

What is counted is processor time, of the service and of PostgreSQL: it says little of what else runs on the machine.
The services run side by side, each on a database of its own, and get the same answers in turns.
"""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import asyncpg
import httpx
import psutil

from app import migrate
from tests.benchmarks.answers import BODY, PATH, connected, databases, request, touchstone
from tests.benchmarks.load import HEADERS, Server
from tests.mail.conftest import FROM, Mailbox, MailServer, link

CONNECTIONS = 64
AT_A_TIME = 19_200  # a second and a half of processor time, which the kernel counts in steps of 10 ms
SERVICE = "https://feedback.bench.example"


class Chat(BaseHTTPRequestHandler):
    """Takes a message a second, as Slack does, and asks to wait otherwise."""

    taken_at = 0.0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        early = time.monotonic() < Chat.taken_at + 1
        Chat.taken_at = Chat.taken_at if early else time.monotonic()
        self.send_response(429 if early else 200)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_request(self, *_: object, **__: object) -> None:
        """Says nothing."""


@contextmanager
def chat() -> Iterator[str]:
    """The address of a chat."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/services/T0/B0/secret"
    server.shutdown()


@contextmanager
def telling(url: str, wishes: dict[str, object]) -> Iterator[Server]:
    """A service with a subscriber who has confirmed, and with a chat that `wishes` something."""
    mailbox = Mailbox()
    mails = MailServer(mailbox)
    mails.start()
    settings = {"MAIL_FROM": FROM, "SMTP_URL": f"smtp://127.0.0.1:{mails.port}", "PUBLIC_URL": SERVICE}
    settings |= {"WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8"}
    with chat() as address, touchstone(url, **{f"TOUCHSTONE_{name}": said for name, said in settings.items()}) as found:
        with httpx.Client(base_url=found.url, headers=HEADERS) as client:
            client.post("/v1/touchpoints", json={"key": "other"}).raise_for_status()
            client.post("/v1/subscribers", json={"email": "anna@bench.example"}).raise_for_status()
            hook = {"url": address, "format": "slack", **wishes}
            client.post("/v1/webhooks", json=hook).raise_for_status()
            while not mailbox.mails:
                time.sleep(0.05)
            client.post(link(mailbox.mails[0], "confirm")).raise_for_status()
            assert client.get("/v1/subscribers/1").json()["state"] == "confirmed"
        yield found
    mails.stop()


WISHES: dict[str, dict[str, object]] = {
    "nobody is told": {"events": ["feedback.low_rating"]},  # the answers rate 4 of 5
    "each is told": {"events": ["feedback.created", "feedback.low_rating"]},
}
PROMISED = {"nobody is told": "0.98 x"}


async def _send(url: str, count: int) -> None:
    one = request(PATH, BODY.encode())

    async def sender() -> None:
        async with connected(url) as ask:
            for _ in range(count // CONNECTIONS):
                assert (await ask(one)).startswith(b"HTTP/1.1 201")

    await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))


def _seconds(processes: Sequence[psutil.Process]) -> float:
    """Processor time so far, of these and of all they started."""
    found = [one.cpu_times() for one in processes]
    found += [child.cpu_times() for one in processes for child in one.children(recursive=True)]
    own = sum(times.user + times.system for times in found)
    return own + sum(times.children_user + times.children_system for times in found[: len(processes)])


async def _apart(url: str, name: str) -> tuple[str, list[psutil.Process]]:
    """A database of this name, and PostgreSQL's process."""
    if url.startswith("sqlite"):
        return f"{url}/{name}.db", []
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(f"CREATE DATABASE {name}")
    main = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()")).parent()
    await connection.close()
    apart = url.replace("/postgres?", f"/{name}?")
    await asyncio.to_thread(migrate.upgrade, apart)
    return apart, [main] if main else []


def told(kind: str, rounds: int) -> dict[str, list[float]]:
    """How much processor time an answer takes with nobody to tell, as a share of what it takes with; pair by pair."""
    with ExitStack() as stack:
        url = stack.enter_context(databases(kind))
        running: dict[str, tuple[Server, list[psutil.Process]]] = {}
        for number, name in enumerate(("alone", *WISHES)):
            apart, beside = asyncio.run(_apart(url, f"told{number}"))
            service = telling(apart, WISHES[name]) if name in WISHES else touchstone(apart)
            running[name] = stack.enter_context(service), beside
        rows = [{name: _round(*each) for name, each in running.items()} for _ in range(rounds + 1)]
    return {name: [row["alone"] / row[name] for row in rows[1:]] for name in WISHES}  # the first one warms up


def _round(service: Server, beside: list[psutil.Process]) -> float:
    before = _seconds([service.process, *beside])
    asyncio.run(_send(service.url, AT_A_TIME))
    return _seconds([service.process, *beside]) - before
