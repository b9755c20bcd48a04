"""The life of an answer against a small model: after each step the rollup equals the rows, and the score the model."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from app.db import snapshot
from app.errors import Problem
from app.ids import uuid7
from app.importer import run
from app.importer.answers import Columns
from app.ingest import store
from app.ingest.channels import API, IMPORT, WEB, Answer
from app.ingest.store import Outcome
from app.main import create_app
from app.scores import backfill, rollup, segment_folding, segment_pending
from app.scores.schemas import ScoreQuery
from app.scores.serve import one
from app.settings import Settings
from app.touchpoints.registry import change, create, known
from app.touchpoints.schemas import TouchpointIn, TouchpointPatch
from tests.conftest import ADMIN_KEY

RATINGS, FLAGS = st.integers(1, 5), st.sampled_from(["", "spam", "burst", "test"])
STORES = st.sampled_from(
    [None, {}, {"store": "nord"}, {"store": " nord"}, {"store": "syd", "plan": True}, {"store": 7}]
)
START = datetime.now(UTC) - timedelta(days=3)
FEW = segment_pending.FEW


def machine(url: str, folder: Path) -> type[RuleBasedStateMachine]:
    app = create_app(Settings(database_url=url, admin_key=ADMIN_KEY))

    class Life(RuleBasedStateMachine):
        ids: Bundle[UUID] = Bundle("ids")

        @initialize()
        def begin(self) -> None:
            self.runner = asyncio.Runner()
            self.start()
            row = self.write(
                lambda session: create(session, TouchpointIn(key=f"t{uuid7().hex}", segments=["store"]), 2)
            )
            self.place, self.now = known(row), START
            self.model: dict[UUID, dict[str, Any]] = {}
            self.erased: set[UUID] = set()

        def start(self) -> None:
            self.life = app.router.lifespan_context(app)
            self.runner.run(self.life.__aenter__())

        def stop(self) -> None:
            self.runner.run(self.life.__aexit__(None, None, None))

        def write(self, work: Any) -> Any:
            return self.runner.run(app.state.db.write(work))

        def answer(self, number: UUID, rating: int, source: str, context: Any = None) -> Answer:
            return Answer(
                self.place.id,
                number,
                rating,
                None,
                "",
                source,
                "",
                None,
                None,
                context,
                self.now,
                self.now,
                zone=self.place.zone,
                given={"rating", "context"} if context else {"rating"},
            )

        def say(self, number: UUID, rating: int, source: str, context: Any = None) -> str:
            (outcome,) = self.runner.run(app.state.writer.submit([self.answer(number, rating, source, context)]))
            return str(outcome.status)

        def locked(self, held: dict[str, Any]) -> bool:
            return bool(held["source"] == IMPORT or self.now - held["at"] >= timedelta(minutes=30))

        def stored(self, number: UUID, rating: int, source: str) -> None:
            self.model[number] = {"rating": rating, "flags": "", "at": self.now, "source": source}

        @rule(target=ids, rating=RATINGS, source=st.sampled_from([WEB, API, IMPORT]), context=STORES)
        def submit(self, rating: int, source: str, context: Any) -> UUID:
            number = uuid7()
            assert self.say(number, rating, source, context) == store.CREATED
            self.stored(number, rating, source)
            self.model[number]["context"] = context
            return number

        @rule(number=ids, context=STORES)
        def say_where(self, number: UUID, context: Any) -> None:
            """A key may say anew where an answer was given."""
            held = self.model.get(number)
            if held and context and held["source"] == API:
                status = self.say(number, held["rating"], API, context)
                if held["context"] == context:
                    assert status == store.SAME
                else:
                    assert status == (store.LOCKED if self.locked(held) else store.UPDATED)
                    held["context"] = held["context"] if self.locked(held) else context

        @rule(segments=st.sampled_from([[], ["store"], ["store"], ["plan", "store"]]))
        def declare(self, segments: list[str]) -> None:
            key, body = self.place.key, TouchpointPatch(segments=segments)
            self.place = known(self.write(lambda session: change(session, key, body, 2)))

        @rule()
        def count_on(self) -> None:
            """The next two answers of a key that was declared late are counted."""
            split = self.runner.run(app.state.db.read(backfill.waiting))
            if split is not None:
                self.write(lambda session: backfill.count_on(session, split, most=2))

        @rule(busy=st.booleans())
        def be_busy(self, busy: bool) -> None:
            """Counts by segment wait, as they do when many answers come, or not."""
            segment_pending.FEW = -1 if busy else FEW

        @rule()
        def fold(self) -> None:
            self.runner.run(segment_folding.fold_all(app.state.db))

        @rule(number=ids, rating=RATINGS)
        def say_again(self, number: UUID, rating: int) -> None:
            held = self.model.get(number)
            status = self.say(number, rating, held["source"] if held else WEB)
            if held is None:
                assert status == store.ERASED
            elif held["rating"] == rating:
                assert status == store.SAME
            elif self.locked(held):
                assert status == store.LOCKED
            else:
                assert status == store.UPDATED
                held["rating"] = rating

        @rule(number=ids, flags=FLAGS)
        def flag(self, number: UUID, flags: str) -> None:
            try:
                self.write(lambda session: store.flag(session, self.place.id, number, flags.split()))
                self.model[number]["flags"] = flags
            except Problem:
                assert number in self.erased

        @rule(number=ids)
        def erase(self, number: UUID) -> None:
            try:
                self.write(lambda session: store.erase(session, self.place.id, number))
                del self.model[number]
                self.erased.add(number)
            except Problem:
                assert number in self.erased

        @rule(minutes=st.sampled_from([1, 20, 31, 90]))
        def time_passes(self, minutes: int) -> None:
            self.now += timedelta(minutes=minutes)

        @rule(target=ids, ratings=st.lists(RATINGS, max_size=4))
        def restart(self, ratings: list[int]) -> Any:
            """What is on its way when the service stops is stored before it does."""
            numbers = [uuid7() for _ in ratings]

            async def stop_at_once() -> list[list[Outcome]]:
                answers = [self.answer(number, rating, WEB) for number, rating in zip(numbers, ratings, strict=True)]
                waiting = [asyncio.ensure_future(app.state.writer.submit([answer])) for answer in answers]
                await asyncio.sleep(0)
                await self.life.__aexit__(None, None, None)
                return await asyncio.gather(*waiting)

            outcomes = self.runner.run(stop_at_once())
            assert [outcome.status for (outcome,) in outcomes] == [store.CREATED] * len(numbers)
            for number, rating in zip(numbers, ratings, strict=True):
                self.stored(number, rating, WEB)
            self.start()
            return multiple(*numbers)

        @rule(target=ids, ratings=st.lists(RATINGS, max_size=4), old=ids, rating=RATINGS)
        def import_file(self, ratings: list[int], old: UUID, rating: int) -> Any:
            """New rows and one that was there before, from a file; the same file again adds nothing."""
            numbers = [uuid7() for _ in ratings]
            rows = [*zip(numbers, ratings, strict=True), (old, rating)]
            file = folder / "answers.csv"
            file.write_text("id,stars\n" + "".join(f"{number},{stars}\n" for number, stars in rows), encoding="utf-8")
            columns = Columns(touchpoint=self.place.key, rating="stars", id="id")
            with patch.object(run, "datetime", Mock(now=lambda _: self.now)):  # the importer's clock is the model's
                first, again = (
                    self.runner.run(run.Import(app.state.db, columns, run.Wish()).run(file, lambda *_: None))
                    for _ in range(2)
                )
            held = self.model.get(old)
            same = held is not None and held["rating"] == rating
            other = held is not None and not same  # a file changes nothing that is stored
            expected = (len(numbers), int(same), int(held is None), int(other), 0)
            assert (first.created, first.same, first.erased, first.refused, first.updated) == expected
            assert (again.created, again.same) == (0, first.created + first.same)
            for number, stars in zip(numbers, ratings, strict=True):
                self.stored(number, stars, IMPORT)
            return multiple(*numbers)

        @rule(zone=st.sampled_from(["Europe/Berlin", "Pacific/Auckland", "America/St_Johns"]))
        def move(self, zone: str) -> None:
            """Another time zone: the same answers fall into other days and are counted anew."""
            key, body = self.place.key, TouchpointPatch(timezone=zone)
            self.place = known(self.write(lambda session: change(session, key, body)))

        @invariant()
        def the_score_is_the_models(self) -> None:
            def work(session: Any) -> Any:
                with snapshot(session):
                    return one(session, self.place, ScoreQuery()), list(rollup.differences(session, self.place.row))

            score, differences = self.runner.run(app.state.db.read(work))
            counted = [held["rating"] for held in self.model.values() if not held["flags"]]
            assert score["distribution"] == {str(rating): counted.count(rating) for rating in range(1, 6)}
            assert sum(score["excluded"].values()) == len(self.model) - len(counted) and not differences
            waiting, _ = self.runner.run(app.state.db.read(segment_pending.waiting))
            if "store" in self.place.row.segments and not waiting:
                by = self.runner.run(app.state.db.read(lambda s: one(s, self.place, ScoreQuery(group_by="store"))))
                all_there = sum(group["count"] for group in by["groups"]) == len(counted)
                assert all_there or by["counting"]["counted"] < len(self.model)

        def teardown(self) -> None:
            segment_pending.FEW = FEW
            if hasattr(self, "life"):
                self.stop()
                self.runner.close()

    return Life


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_the_life_of_an_answer(request, kind, own_url, tmp_path):
    examples = 200 if request.config.getoption("--long") else 12
    bounded = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # shrinking takes minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine(own_url, tmp_path), settings=bounded)
