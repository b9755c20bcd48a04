"""Puts the pretend company into an empty database, through the same store as every other answer."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from app.db import Database
from app.demo import story, tablets
from app.demo.company import DAYS, JOURNEYS, PLACES, SEGMENTS
from app.demo.people import Crowd
from app.ingest.channels import Answer
from app.ingest.store import store
from app.journeys import journeys
from app.models import Touchpoint
from app.scores import segment_keys
from app.scores.rollup import Deltas, apply
from app.touchpoints import registry
from app.touchpoints.registry import Known
from app.touchpoints.schemas import TouchpointPatch

SEED = 1874  # the year in which Lindhøj says it was founded
CHUNK = 5000


def is_empty(session: Session) -> bool:
    """Whether no touchpoint is registered."""
    return session.exec(select(Touchpoint.id).limit(1)).first() is None


def allow_origins(session: Session, origins: list[str]) -> None:
    """Let the shop's pages post from where the service runs now."""
    for place in PLACES:
        if "web" in place.sources:
            registry.change(session, place.key, TouchpointPatch(origins=origins))


def register(session: Session, origins: list[str], now: datetime) -> None:
    """All touchpoints, as if they had been there since before the first answer, the tablets and the journeys."""
    for place in PLACES:
        row = registry.create(session, place.body(origins, (now + timedelta(days=60)).date()))
        row.created_at = row.updated_at = now - timedelta(days=DAYS + 1)
    tablets.register(session, now)
    for key, named in SEGMENTS.items():
        segment_keys.change(session, key, named)
    for journey in JOURNEYS:
        journeys.create(session, journey)


def places(session: Session) -> list[Known]:
    """The registered touchpoints in the order of PLACES."""
    return [registry.known(registry.by_key(session, place.key)) for place in PLACES]


async def build(db: Database, origins: list[str], now: datetime, progress: Callable[[int, int], None]) -> int:
    """Register everything and store some months of answers; `progress(places_done, answers)`. Returns the answers."""
    await db.write(lambda session: register(session, origins, now))
    registered = await db.read(places)
    dice = random.Random(SEED)  # noqa: S311 - a story, not a secret
    stored, batch, asked = 0, list[Answer](), Deltas()
    running = asyncio.create_task(_flush(db, [], Deltas()))  # nothing yet
    for done, (place, known) in enumerate(zip(PLACES, registered, strict=True), 1):
        for answer, times in Crowd(place, known, now.astimezone(UTC), dice).answers():
            batch.append(answer)
            if times:
                asked.ask(known.id, answer.occurred_at, answer.source, times)
            if len(batch) == CHUNK:
                stored += await running
                running = asyncio.create_task(_flush(db, batch, asked))
                await asyncio.sleep(0)  # it begins, in the writing thread, while the next answers are thought up here
                batch, asked = [], Deltas()
                progress(done, stored)
    stored += await running + await _flush(db, batch, asked)
    progress(len(PLACES), stored)
    await story.tell(db, now)
    return stored


async def _flush(db: Database, batch: list[Answer], asked: Deltas) -> int:
    def work(session: Session) -> int:
        apply(session, asked)
        return len(store(session, batch))

    return await db.write(work)


def is_ours(session: Session) -> bool:
    """Whether the touchpoints are those of the pretend company."""
    return set(session.exec(select(Touchpoint.key))) >= {place.key for place in PLACES}
