"""The life of an answer against a small model: after each step the rollup equals the rows, and the score the model."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app.db import Database, open_database, snapshot
from app.errors import Problem
from app.ingest import store
from app.ingest.channels import IMPORT, WEB, Answer, uuid7
from app.scores import rollup
from app.scores.schemas import ScoreQuery
from app.scores.serve import one
from app.touchpoints.registry import create, known
from app.touchpoints.schemas import TouchpointIn

RATINGS, FLAGS = st.integers(1, 5), st.sampled_from(["", "spam", "burst", "test"])
START = datetime.now(UTC) - timedelta(days=3)


def machine(url: str) -> type[RuleBasedStateMachine]:
    class Life(RuleBasedStateMachine):
        ids: Bundle[UUID] = Bundle("ids")

        @initialize()
        def begin(self) -> None:
            self.runner = asyncio.Runner()
            self.db: Database = open_database(url)
            row = self.write(lambda session: create(session, TouchpointIn(key=f"t{uuid7().hex}")))
            self.place, self.now = known(row), START
            self.model: dict[UUID, dict[str, Any]] = {}
            self.erased: set[UUID] = set()

        def write(self, work: Any) -> Any:
            return self.runner.run(self.db.write(work))

        def say(self, number: UUID, rating: int, source: str) -> str:
            said = Answer(
                self.place.id,
                number,
                rating,
                None,
                "",
                source,
                "",
                None,
                None,
                None,
                self.now,
                self.now,
                zone=self.place.zone,
            )
            return str(self.write(lambda session: store.store(session, [said]))[0].status)

        @rule(target=ids, rating=RATINGS, source=st.sampled_from([WEB, IMPORT]))
        def submit(self, rating: int, source: str) -> UUID:
            number = uuid7()
            assert self.say(number, rating, source) == store.CREATED
            self.model[number] = {"rating": rating, "flags": "", "at": self.now, "source": source}
            return number

        @rule(number=ids, rating=RATINGS)
        def say_again(self, number: UUID, rating: int) -> None:
            held = self.model.get(number)
            status = self.say(number, rating, held["source"] if held else WEB)
            if held is None:
                assert status == store.ERASED
            elif held["rating"] == rating:
                assert status == store.SAME
            elif held["source"] == IMPORT or self.now - held["at"] >= timedelta(minutes=30):
                assert status == store.LOCKED
            else:
                assert status == store.UPDATED
                held["rating"] = rating

        @rule(number=ids, flags=FLAGS)
        def flag(self, number: UUID, flags: str) -> None:
            try:
                self.write(lambda session: store.flag(session, number, flags.split()))
                self.model[number]["flags"] = flags
            except Problem:
                assert number in self.erased

        @rule(number=ids)
        def erase(self, number: UUID) -> None:
            try:
                self.write(lambda session: store.erase(session, number))
                del self.model[number]
                self.erased.add(number)
            except Problem:
                assert number in self.erased

        @rule(minutes=st.sampled_from([1, 20, 31, 90]))
        def time_passes(self, minutes: int) -> None:
            self.now += timedelta(minutes=minutes)

        @rule()
        def restart(self) -> None:
            self.runner.run(self.db.close())
            self.db = open_database(url)

        @invariant()
        def the_score_is_the_models(self) -> None:
            def work(session: Any) -> Any:
                with snapshot(session):
                    return one(session, self.place, ScoreQuery()), list(rollup.differences(session, self.place.row))

            score, differences = self.runner.run(self.db.read(work))
            counted = [held["rating"] for held in self.model.values() if not held["flags"]]
            assert score["distribution"] == {str(rating): counted.count(rating) for rating in range(1, 6)}
            assert sum(score["excluded"].values()) == len(self.model) - len(counted) and not differences

        def teardown(self) -> None:
            if hasattr(self, "db"):
                self.runner.run(self.db.close())
                self.runner.close()

    return Life


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_the_life_of_an_answer(request, kind, own_url):
    examples = 200 if request.config.getoption("--long") else 12
    bounded = settings(max_examples=examples, stateful_step_count=25, deadline=None, derandomize=True, database=None)
    slow = settings(bounded, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine(own_url), settings=slow)
