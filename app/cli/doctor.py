"""`touchstone doctor`: what is wrong with this installation, and what to do about it."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy import make_url
from sqlmodel import Session

from app import schema
from app.cli.doctor_rows import wrong
from app.cli.run import named
from app.db import core, is_sqlite, open_database, ping
from app.sanitize import terminal_text
from app.settings import Settings, SettingsError, unknown
from app.sqlite_open import path_of
from app.unusable import why

Level = Literal["ok", "warning", "serious"]
DISK_WARNING, DISK_SERIOUS = 2**30, 2**27  # bytes that are free: 1 GB, 128 MB
DESCRIPTORS = 4096
CLOCK_S = 5.0
PROXIES_LEAST = {4: 8, 6: 16}  # bits of a network of proxies: what is wider holds customers too


@dataclass(frozen=True, slots=True)
class Finding:
    """`said` has what was found and, unless it is ok, what to do."""

    check: str
    level: Level
    said: str


def doctor(as_json: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False) -> None:
    """Look for what is wrong with settings, database, clock, rights, disk and limits; exits 1 if any is serious."""
    found = list(findings(dict(os.environ)))
    serious = any(one.level == "serious" for one in found)
    if as_json:
        typer.echo(json.dumps({"ok": not serious, "findings": [asdict(one) for one in found]}))
    else:
        for one in found:
            typer.echo(terminal_text(f"{one.level:8} {one.check:12} {one.said}"))
    if serious:
        raise typer.Exit(1)


def findings(environment: dict[str, str]) -> Iterator[Finding]:
    """All that was looked at."""
    for name, meant in unknown(environment):
        yield Finding("settings", "warning", f"{name} is no setting." + (f" Is {meant} meant?" if meant else ""))
    try:
        chosen = Settings.from_environment(environment)
    except SettingsError as error:
        yield from (Finding("settings", "serious", line) for line in str(error).splitlines())
        return
    yield from asyncio.run(_of_database(chosen.database_url, chosen))
    if make_url(chosen.database_url).get_backend_name() == "sqlite":
        yield from _of_files(path_of(make_url(chosen.database_url)))
    elif chosen.secret_key is None:
        yield Finding("secret", "warning", "Set TOUCHSTONE_SECRET_KEY: without it, a copy of the database can sign in.")
    yield from _of_proxy(chosen)
    if chosen.smtp_url:
        yield asyncio.run(_of_mail(chosen.smtp_url))
    yield from _of_limits()


async def _of_database(url: str, chosen: Settings) -> list[Finding]:
    """Whether it can be reached and written, has the right schema, keeps what it acknowledged, and what time it has."""
    try:
        db = open_database(url)
        try:
            await db.read(schema.check)
            await db.write(ping)
            found = [Finding("database", "ok", f"{named(url)} takes answers, its schema is {schema.head()}.")]
            rows = await db.read(lambda session: wrong(session, chosen))
            return found + await db.read(_promises) + [Finding(*row) for row in rows]
        finally:
            await db.close()
    except Exception as error:
        said = why(error, url)
        if said is None:
            raise
        return [Finding("database", "serious", said)]


def _promises(session: Session) -> list[Finding]:
    """Whether a COMMIT is on disk (for SQLite each connection sees to it), and whether the clocks agree."""
    if is_sqlite(session):
        return []
    ask = core(session).exec_driver_sql
    off = [name for name in ("fsync", "full_page_writes") if ask(f"SHOW {name}").scalar() != "on"]
    found = [Finding("durability", "serious", f"PostgreSQL has {name}=off: a crash loses answers.") for name in off]
    apart = abs(float(ask("SELECT extract(epoch FROM clock_timestamp())").scalar_one()) - time.time())
    if apart > CLOCK_S:
        found.append(
            Finding("clock", "warning", f"The clock here and that of PostgreSQL are {apart:.0f} s apart: use NTP.")
        )
    return found or [Finding("durability", "ok", "A commit is on disk, and the clocks agree.")]


def _of_files(path: Path) -> Iterator[Finding]:
    if not path.parent.is_dir():
        return
    yield disk(shutil.disk_usage(path.parent).free, path.parent)
    for file in (path, path.with_suffix(".secret")):
        if file.exists() and file.stat().st_mode & 0o077:
            yield Finding("rights", "warning", f"Others may read {file}: chmod 600 {file}")
        if file.exists() and file.stat().st_mtime > time.time() + CLOCK_S:
            yield Finding("clock", "warning", f"{file} was written in the future: the clock went back. Use NTP.")


def disk(free: int, folder: Path) -> Finding:
    """What so many free bytes mean."""
    level: Level = "serious" if free < DISK_SERIOUS else "warning" if free < DISK_WARNING else "ok"
    return Finding(
        "disk", level, f"{folder.resolve()} has {free / 2**30:.1f} GB free." + " Make room." * (level != "ok")
    )


def _of_proxy(chosen: Settings) -> Iterator[Finding]:
    for network in (one for one in chosen.trusted_proxies if one.prefixlen < PROXIES_LEAST[one.version]):
        said = f"TOUCHSTONE_TRUSTED_PROXIES has {network}: all in there may say whom they speak for. Name your proxy."
        yield Finding("proxy", "serious" if network.prefixlen == 0 else "warning", said)
    if chosen.public_url is None:
        yield Finding("address", "warning", "Set TOUCHSTONE_PUBLIC_URL: links in mails begin with it.")
    elif chosen.public_url.startswith("https:") and not chosen.trusted_proxies:
        said = "TOUCHSTONE_PUBLIC_URL is https, so a proxy ends TLS: name it in TOUCHSTONE_TRUSTED_PROXIES, or all"
        yield Finding("proxy", "serious", f"{said} customers share one limit of {chosen.rate_limit}.")


async def _of_mail(url: str) -> Finding:
    """Whether the mail server would take a mail."""
    import aiosmtplib  # here, as few commands need it

    from app.mail.smtp import Connection, server

    to = server(url)
    connection = Connection(to)
    try:
        await connection.check()
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        said = f"{to.host}:{to.port} takes no mails: {error} See TOUCHSTONE_SMTP_URL."
        return Finding("mail", "serious", said)
    finally:
        await connection.close()
    return Finding("mail", "ok", f"{to.host}:{to.port} takes mails.")


def _of_limits() -> Iterator[Finding]:
    try:
        import resource
    except ImportError:  # Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    few = hard != resource.RLIM_INFINITY and hard < DESCRIPTORS
    said = f"This process may open {hard:,} files" + (": raise `ulimit -Hn` (LimitNOFILE of systemd)." if few else ".")
    yield Finding(
        "descriptors", "warning" if few else "ok", "This process may open any number of files." if hard < 0 else said
    )
