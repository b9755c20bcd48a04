"""Servers as processes and wrk as the client, on loopback."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

KEY = "benchmark-admin-key-0123456789"
HEADERS = {"Authorization": f"Bearer {KEY}"}


@dataclass(frozen=True)
class Figures:
    """What wrk says of one run: requests per second, latencies in ms, answers that were no 2xx or 3xx."""

    rate: float
    p50: float
    p99: float
    failed: int


@dataclass(frozen=True)
class Server:
    url: str
    process: psutil.Process

    def memory_mb(self) -> float:
        """Resident memory of the process and its children."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(each.memory_info().rss for each in family) / 1e6


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def command(target: str, port: int) -> list[str]:
    """What starts `target`: an application factory for uvicorn, or `touchstone` for the service itself."""
    if target == "touchstone":
        return [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    options = ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", "--factory", f"tests.benchmarks.apps:{target}", *options]


@contextlib.contextmanager
def server(target: str, **environment: str) -> Iterator[Server]:
    """A running `target`, see `command`."""
    port = free_port()
    process = subprocess.Popen(command(target, port), env=os.environ | environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield Server(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> float:
    """Seconds until the server answers."""
    started = time.perf_counter()
    while process.poll() is None and time.perf_counter() - started < 60:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n")
            if connection.recv(1):
                return time.perf_counter() - started
        time.sleep(0.01)
    raise RuntimeError("the server did not start")


def milliseconds(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if found is None:
        return float("nan")  # not one answer within the run
    number, unit = found.groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def wrk(url: str, *, connections: int, seconds: int, script: str = "", threads: int = 1) -> Figures:
    """Run wrk against `url`; `script` is Lua."""
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("wrk is needed: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False) as file:
        file.write(script)
    sizes = ["-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "20s"]
    output = subprocess.run([program, *sizes, "-s", file.name, url], capture_output=True, text=True, check=True).stdout
    Path(file.name).unlink()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])  # type: ignore[index]
    p50 = milliseconds(re.search(r"50%\s+(\S+)", output)[1])  # type: ignore[index]
    p99 = milliseconds(re.search(r"99%\s+(\S+)", output)[1])  # type: ignore[index]
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    return Figures(rate, p50, p99, int(bad[1]) if bad else 0)


def post(body: str, **headers: str) -> str:
    """Lua for wrk: POST this JSON."""
    lines = ['wrk.method = "POST"', f"wrk.body = {body!r}", 'wrk.headers["Content-Type"] = "application/json"']
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in (HEADERS | headers).items()]
    return "\n".join(lines)


def get(**headers: str) -> str:
    """Lua for wrk: GET with the key."""
    return "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in (HEADERS | headers).items())
