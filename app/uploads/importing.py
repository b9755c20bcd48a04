"""Imports in the background: whichever process comes first carries one out, slowly enough to be in nobody's way.

A process that is killed leaves its file to another one, or to itself when it is back. The file is read again from its
beginning then: what is stored is known by what it is, so nothing is stored twice.
"""

import asyncio
import secrets
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlmodel import Session

from app.background_loop import BackgroundLoop
from app.db import Database
from app.importer.layout import Layout
from app.importer.mapping import Mapping
from app.importer.refused import keeping
from app.importer.row import FileError
from app.importer.run import Import
from app.importer.sentence import Sentence
from app.importer.stored import imported_counts
from app.importer.tally import Tally
from app.importer.wish import wish_of
from app.ingest.store import CREATED, Outcome
from app.models import Upload
from app.turns import Turns, wait_at_most
from app.uploads import kept
from app.uploads.looking import mapping_of, trouble
from app.work import T, Work

POLL_S = 15.0
SEEN_S = 2.0
CHUNK = 100  # rows: while the database stores them, customers' answers wait
IDLE = 2  # times as long as a chunk took, nothing is stored after it
TRIES_MAX = 5
TOUCHPOINTS_SHOWN = 200
GIVEN_UP = Sentence("file.given_up", "The import was begun {tries} times and never came to its end.", tries=TRIES_MAX)


@dataclass(slots=True)
class _Paced:
    """The database as an import in another thread uses it: through the loop that it belongs to, with pauses."""

    db: Database
    loop: asyncio.AbstractEventLoop

    async def read(self, work: Work[T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.db.read(work), self.loop))

    async def write(self, work: Work[T]) -> T:
        started = time.monotonic()
        done = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.db.write(work), self.loop))
        await asyncio.sleep(IDLE * (time.monotonic() - started))
        return done


@dataclass(slots=True)
class _Job:
    """One file on its way: where it lies, and how far it is."""

    upload: Upload
    folder: Path
    db: _Paced
    secret: bytes
    tally: Tally = field(default_factory=Tally)
    position: int = 0
    rows: int = 0

    @property
    def path(self) -> Path:
        return self.folder / "file"

    @property
    def refused(self) -> Path:
        return self.folder / "refused"

    async def run(self) -> None:
        found = self.upload.found
        mapping, layout = mapping_of(found), Layout(**found["layout"])
        wish = wish_of(mapping or Mapping(), layout, self.secret, create=self.upload.makes_touchpoints)
        with keeping(self.refused, found["names"], layout) as keep:
            self.tally.keep = keep
            columns = mapping.columns if mapping else None
            await Import(self.db, columns, wish, self.tally, CHUNK, self._count).run(self.path, self._progress)

    def _count(self, session: Session, stored: Sequence[Outcome]) -> None:
        assert self.upload.id is not None
        kept.note_stored(session, self.upload.id, sum(outcome.status == CREATED for outcome in stored))

    def _progress(self, position: int, rows: int) -> None:
        self.position, self.rows = position, rows


class Importer:
    """Looks now and then, and when it is woken, for a file to be imported."""

    def __init__(self, db: Database, secret: bytes) -> None:
        self._db, self._secret, self._name = db, secret, secrets.token_hex(8)
        self._wake, self._turns = asyncio.Event(), Turns("upload_not_imported")
        self.thread = BackgroundLoop("uploads")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="uploads")

    def wake(self) -> None:
        """Somebody said yes: look now."""
        self._wake.set()

    async def close(self) -> None:
        """Stop; what is left is done at the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.thread.close()

    async def _run(self) -> None:
        while True:
            await self._turns.take(self._turn)
            await wait_at_most(POLL_S, self._wake)
            self._wake.clear()

    async def _turn(self) -> None:
        while await self._db.read(kept.waiting):
            await self._db.write(kept.forget_old)
            if upload := await self._db.write(partial(kept.take, runner=self._name)):
                await self._import(upload)

    async def _import(self, upload: Upload) -> None:
        with tempfile.TemporaryDirectory(prefix="touchstone-", ignore_cleanup_errors=True) as folder:
            job = _Job(upload, Path(folder), _Paced(self._db, asyncio.get_running_loop()), self._secret)
            number = upload.id or 0
            try:
                if upload.tries > TRIES_MAX:
                    raise FileError(GIVEN_UP)
                await kept.fetch(self._db, number, kept.FILE, job.path)
                if not await self._watched(job):
                    return
            except FileError as error:
                report = {"error": error.said.told}
                await self._db.write(
                    partial(kept.end, number=number, runner=self._name, state=kept.FAILED, report=report)
                )
                return
            if job.refused.exists():
                with job.refused.open("rb") as file:
                    await kept.keep_pieces(self._db, number, kept.REFUSED, file)
            await self._db.write(partial(self._done, job=job))

    async def _watched(self, job: _Job) -> bool:
        """Carry it out and say how far it is; False when another process has taken it meanwhile, or it is removed."""
        working = asyncio.create_task(self.thread.run(job.run))
        try:
            while not (await asyncio.wait({working}, timeout=SEEN_S))[0]:
                if not await self._db.write(partial(self._seen, job=job)):
                    return False
            await working
            return True
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    def _seen(self, session: Session, job: _Job) -> bool:
        return kept.seen(session, job.upload.id or 0, self._name, job.position, job.rows)

    def _done(self, session: Session, job: _Job) -> None:
        """What became of the rows. Those that it stored before it was killed are not called seen before."""
        tally, upload = job.tally, kept.by_number(session, job.upload.id or 0)
        there = imported_counts(session, tally.of_file)
        places = [
            {"key": key, "file": [count.total(), count.mean], "stored": there.get(key)}
            for key, count in sorted(tally.of_file.items())[:TOUCHPOINTS_SHOWN]
        ]
        report = {
            "rows": tally.rows,
            "stored": upload.stored,
            "same": max(0, tally.same + tally.created - upload.stored),
            "updated": tally.updated,
            "erased": tally.erased,
            "refused": tally.refused,
            "places": places,
            **trouble(tally),
        }
        kept.end(session, upload.id or 0, self._name, kept.DONE, report)
