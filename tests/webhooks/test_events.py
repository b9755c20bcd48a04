"""Which events a change of an answer is."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.ingest.channels import Answer
from app.touchpoints.scales import SCALES
from app.webhooks.events import CHANGED, CREATED, LOW_RATING, WITHDRAWN, about, happened

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
GOOD = Answer(1, UUID(int=7), 5, "Fine.", "", "web", "", "en", "anna", {"page": "/x"}, AT, AT)
BAD, HELD = replace(GOOD, rating=1), replace(GOOD, flags="unconfirmed")


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        (None, GOOD, [CREATED]),
        (None, BAD, [CREATED, LOW_RATING]),
        (None, replace(GOOD, rating=None), [CREATED]),
        (None, HELD, []),
        (HELD, replace(HELD, rating=1), []),
        (HELD, GOOD, [CREATED]),
        (HELD, BAD, [CREATED, LOW_RATING]),
        (GOOD, BAD, [CHANGED, LOW_RATING]),
        (BAD, replace(BAD, rating=2), [CHANGED]),
        (BAD, GOOD, [CHANGED]),
        (GOOD, replace(GOOD, comment="Really fine."), [CHANGED]),
        (GOOD, replace(GOOD, locale="de"), []),
        (GOOD, replace(GOOD, flags="spam"), [WITHDRAWN]),
        (GOOD, None, [WITHDRAWN]),
        (HELD, None, []),
    ],
)
def test_what_counts_is_told_and_nothing_else(before, after, events):
    assert happened(before, after, SCALES["csat"].poor) == events


def test_low_is_as_many_ratings_from_below_as_good_is_from_above_and_six_for_nps():
    assert {name: SCALES[name].poor[-1] for name in ("stars", "csat", "smiley", "ces", "nps", "thumbs")} == {
        "stars": 2,
        "csat": 2,
        "smiley": 2,
        "ces": 3,
        "nps": 6,
        "thumbs": 0,
    }


def test_an_event_holds_no_word_of_a_customer_and_no_person():
    said = about(CREATED, GOOD, "checkout", "csat")
    assert said["has_comment"] is True and set(said) == {
        "id",
        "touchpoint",
        "scale",
        "rating",
        "has_comment",
        "reasons",
        "source",
        "segments",
        "occurred_at",
    }
    assert about(WITHDRAWN, GOOD, "checkout", "csat") == {"id": GOOD.id, "touchpoint": "checkout"}
