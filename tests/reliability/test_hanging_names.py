"""A webhook whose name nobody ever resolves holds up no other webhook, no answer and no connection to the database.

The server runs with a `resolv.conf` of its own that names a DNS server which hears and never answers.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.ids import uuid7
from tests.reliability.load import ACKNOWLEDGED, KEY, Connection, body_of, register
from tests.reliability.report import report
from tests.reliability.server import Server, free_port, status
from tests.reliability.test_hostile_receivers import NETWORK, subscribe
from tests.webhooks.conftest import Receiver, receiver  # noqa: F401 - a fixture

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give a process a resolver of its own"
)
HANGING = [f"https://hook{number}.hangs.example/" for number in range(20)]
SILENT = "127.0.0.77"
SCRIPT = 'mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/hosts" /etc/hosts && exec "$@"'


@pytest.fixture
def deaf(tmp_path: Path, serve: Callable[..., Server]) -> Iterator[Callable[..., Server]]:
    """Starts servers that get no answer for a name, but for *.honest.example, which is this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dns:
        dns.bind((SILENT, 53))
        (tmp_path / "resolv.conf").write_text(f"nameserver {SILENT}\noptions timeout:20 attempts:2\n")
        (tmp_path / "hosts").write_text("127.0.0.1 localhost hook.honest.example db.honest.example\n")

        def start(url: str, **settings: Any) -> Server:
            server = serve(url, **NETWORK, **settings)
            server.start(under=("unshare", "-m", "sh", "-c", SCRIPT, str(tmp_path)))
            return server

        yield start


async def answer(connection: Connection) -> int:
    """The status of one more answer, or 0 when there was none."""
    try:
        return (await connection.ask("PUT", f"/v1/touchpoints/{KEY}/feedback/{uuid7()}", body_of(1), 5))[0]
    except (OSError, TimeoutError):
        return 0


async def test_twenty_names_that_hang_hold_up_no_other_webhook(deaf, sqlite_url, receiver):  # noqa: F811
    server = deaf(sqlite_url)
    await server.ready()
    await register(server.port)
    await subscribe(server.port, *HANGING, receiver.url.replace("127.0.0.1", "hook.honest.example"))
    connection, took = Connection(server.port), 0.0
    for number in range(1, 4):
        assert await answer(connection) in ACKNOWLEDGED
        started = time.monotonic()
        async with asyncio.timeout(20):
            while len(receiver.seen) < number:  # noqa: ASYNC110 - a receiver fills it
                await asyncio.sleep(0.02)
        took = max(took, time.monotonic() - started)
    connection.close()
    report("20 names that hang", f"another webhook hears within {took:.1f} s", "under 4 s", holds=took < 4)


@pytest.mark.postgres
async def test_names_that_hang_leave_the_databases_own_look_ups_alone(deaf, own_postgres):
    own_postgres.fresh("hanging_names")
    port = free_port()
    own_postgres.control("-o", f"-h 127.0.0.1 -p {port} -k {own_postgres.directory}", "restart")
    try:
        server = deaf(f"postgresql+asyncpg://postgres@db.honest.example:{port}/hanging_names")
        await server.ready()
        await register(server.port)
        await subscribe(server.port, *HANGING)
        connection = Connection(server.port)
        for _ in range(15):
            assert await answer(connection) in ACKNOWLEDGED
            await asyncio.sleep(0.1)
        own_postgres.control("-o", f"-h 127.0.0.1 -p {port} -k {own_postgres.directory}", "restart", "-m", "fast")
        started, stored = time.monotonic(), 0
        while time.monotonic() - started < 3:
            stored += await answer(connection) in ACKNOWLEDGED
        ready = await status(server.port, "/readyz")
        connection.close()
        server.stop()
    finally:
        own_postgres.control("-o", f'-h "" -k {own_postgres.directory}', "restart")
    figure = f"{stored} answers stored in the 3 s after all connections were cut, /readyz {ready}"
    report("20 names that hang, PostgreSQL", figure, "20 stored, ready", holds=stored >= 20 and ready == 200)
