"""What the service is measured against: an endpoint that stores nothing, and the plain way of storing."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI, Response
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import Field, SQLModel

from app.ingest.schemas import AnswerIn, FeedbackOut

SCORE = b'{"touchpoint":"bench","padding":"' + b"x" * 700 + b'"}'


def stores_nothing() -> FastAPI:
    """Validates the same body as the service, answers in the same shape, stores nothing."""
    app = FastAPI()

    @app.post("/v1/touchpoints/{key}/feedback", status_code=201)
    async def take(key: str, body: AnswerIn) -> FeedbackOut:
        now = datetime.now(UTC)
        return FeedbackOut(
            id=body.id or uuid4(),
            touchpoint=key,
            rating=body.rating,
            comment=body.comment,
            reasons=body.reasons or [],
            source="api",
            occurred_at=now,
            received_at=now,
            flags=[],
        )

    @app.get("/constant/{size}")
    async def constant(size: int) -> Response:
        return Response(b"x" * size, media_type="application/json")

    return app


class PlainFeedback(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    touchpoint: str = Field(index=True)
    rating: int | None = None
    comment: str | None = None
    received_at: datetime


def plain_way() -> FastAPI:
    """A session and a commit per request, as a tutorial has it, with the same durability."""
    url = os.environ["BENCH_DATABASE_URL"]
    engine = create_async_engine(url, pool_size=20) if "postgres" in url else create_async_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def durable(connection: Any, _record: Any) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
                connection.execute(f"PRAGMA {pragma}")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.tables["plainfeedback"].create, checkfirst=True)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/touchpoints/{key}/feedback", status_code=201)
    async def take(key: str, body: AnswerIn) -> PlainFeedback:
        row = PlainFeedback(touchpoint=key, rating=body.rating, comment=body.comment, received_at=datetime.now(UTC))
        async with AsyncSession(engine, expire_on_commit=False) as session:
            session.add(row)
            await session.commit()
        return row

    return app
