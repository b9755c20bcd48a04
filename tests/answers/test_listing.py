"""The newest of a few among millions must be found through an index of the few."""

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.dialects import sqlite
from sqlmodel import Session

from app.answers import listing
from app.answers.schemas import AnswerQuery
from app.models import Touchpoint
from app.sqlite_open import sqlite_engine

QUESTIONS = [
    ({"touchpoint": "shop", "has_comment": True}, "ix_feedback_commented"),
    ({"touchpoint": "shop", "has_comment": True, "rating_max": 2}, "ix_feedback_commented"),
    ({"has_comment": True}, "ix_feedback_commented_anywhere"),
    ({"touchpoint": "shop", "flag": "spam"}, "ix_feedback_flagged"),
    ({"flagged": True}, "ix_feedback_flagged_anywhere"),
    ({"touchpoint": "shop"}, "ix_feedback_touchpoint_occurred"),
    ({}, "ix_feedback_occurred"),
]


@pytest.mark.parametrize(("asked", "index"), QUESTIONS, ids=str)
def test_the_newest_are_found_through_an_index_of_what_is_asked_for(sqlite_url, asked, index):
    with sqlite_engine(make_url(sqlite_url), write=True).connect() as connection, Session(connection) as session:
        session.add(Touchpoint(key="shop", phase="purchase", contact="direct", channel="store", scale="stars"))
        session.flush()
        statement = listing.listing(session, AnswerQuery(**asked)).limit(20)
        sql = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
    assert any(step.endswith(index) or f"{index} " in step for step in plan), plan
