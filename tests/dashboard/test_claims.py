"""A page's claims are judged as one family: half of 5 % for the change, the other half shared by all else."""

from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dashboard import claims
from app.dashboard.claims import ALONE, CHANGE, SOURCES, TARGET, TIMES, TOGETHER, WORDS, judged
from app.dashboard.levels import Level
from app.dashboard.ranks import Sample, told_apart
from app.scores import score, verdicts
from app.scores.days import ASSUMED, Days
from app.scores.formulas import holm
from app.scores.score import Window
from app.touchpoints.scales import SCALES

STARS = SCALES["stars"]
SURE = Days(0.0025, 0.0, 1.0, measured=True)
TARGET_AT = {"metric": "index", "value": 80.0}


def of_stars(*counts: int) -> list[int]:
    return [0, *counts, 0, 0, 0, 0, 0]


def standing(now: list[int], before: list[int], target: dict | None = None) -> Level:
    known = SimpleNamespace(scale=STARS, row=SimpleNamespace(target=target))
    level = Level(known, Window(0, 28 * 86_400, ZoneInfo("UTC")), (sum(now), 0, *now), days=SURE)
    level.moved = verdicts.compare(STARS, "index", {"web": now}, {"web": before}, 28, SURE)
    level.target = score.target(STARS, target, level.now, 28, ASSUMED, over=False)
    return level


def test_the_change_has_half_and_the_other_kinds_share_the_rest_by_their_claims():
    looked = {CHANGE: {ALONE: 0.01}, TARGET: {ALONE: 0.5}, TIMES: {1: 0.001, 2: 0.9}, SOURCES: {}, WORDS: {ALONE: 1.0}}
    found = judged(looked)
    assert found.shares == {CHANGE: 0.5, TARGET: 1 / 6, TIMES: 1 / 6, WORDS: 1 / 6}
    assert found.corrected_for == 5
    assert found.p(TIMES, 1) == pytest.approx(0.001 * 12)  # 1/12 of the 5 %, and first
    assert found.p(CHANGE) == pytest.approx(0.01 * 2 * (1 - 1 / 12))  # 1/12 is free again
    assert found.p(TARGET) == 1.0 and found.p(SOURCES, ("a", "b")) == 1.0
    assert (found.found(TIMES), found.found(CHANGE)) == ([1], [ALONE])


def test_without_a_change_to_tell_the_others_share_everything():
    assert judged({TIMES: {1: 0.02}, WORDS: {ALONE: 1.0}}).p(TIMES, 1) == pytest.approx(0.04)
    assert judged({}).corrected_for == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_equal_weights_are_no_weights(p_values):
    assert holm(p_values, [0.1] * len(p_values)) == pytest.approx(holm(p_values))


def test_a_change_that_would_stand_alone_is_not_said_beside_so_much_else():
    """A rise with p = 0.035 is "up" in the API; on the page, where 30 comparisons are made, it is no evidence."""
    level = standing(of_stars(13, 18, 28, 108, 233), of_stars(22, 22, 36, 110, 210))
    assert level.moved and level.moved.verdict() == "up" and 0.03 < level.moved.p < 0.04
    found = judged(claims.looked(level, None, {}, {}, {}))
    claims.settle(level, found)
    assert level.verdict == "no_evidence" and not level.mix_alone and found.corrected_for == 30


def test_sources_are_told_apart_only_beside_all_that_the_page_compares():
    samples = {
        "web": Sample(STARS, of_stars(5, 10, 30, 90, 165)),
        "kiosk": Sample(STARS, of_stars(14, 12, 34, 90, 150)),
    }
    assert told_apart(list(samples.values())) == {(1, 0)}
    assert judged(claims.looked(standing(of_stars(0, 0, 0, 0, 9), []), None, {}, samples, {})).found(SOURCES) == []
    samples["kiosk"] = Sample(STARS, of_stars(60, 40, 40, 60, 100))
    assert judged(claims.looked(standing(of_stars(0, 0, 0, 0, 9), []), None, {}, samples, {})).found(SOURCES) == [
        ("kiosk", "web")
    ]


def test_a_target_is_open_on_the_page_until_it_stands_beside_all_else():
    level = standing(of_stars(0, 5, 45, 160, 190), [], TARGET_AT)
    assert level.target and level.target["status"] == "met" and 0.005 < (level.target_p or 1) < 0.05
    claims.settle(level, judged(claims.looked(level, None, {}, {}, {})))
    assert level.target["status"] == "undecided"


@given(st.tuples(*[st.integers(0, 300)] * 5), st.floats(1, 99), st.booleans())
def test_the_p_value_of_a_target_is_below_five_per_cent_exactly_where_it_is_decided(counts, value, over):
    asked = STARS, "index", value, of_stars(*counts), 20, ASSUMED
    decided = verdicts.target(*asked, over=over) in ("met", "not_met")
    p = verdicts.target_p(*asked, over=over)
    assert abs(p - 0.05) < 1e-9 or decided == (p < 0.05)


def test_the_mix_is_blamed_only_where_nothing_moved_within_the_sources():
    web, mail = of_stars(2, 3, 10, 35, 50), of_stars(15, 15, 20, 30, 20)
    level = standing([7 * n for n in web], [8 * n for n in web])
    now, before = {"web": web, "email": [4 * n for n in mail]}, {"web": [4 * n for n in web], "email": mail}
    level.moved = verdicts.compare(STARS, "index", now, before, 28, SURE)
    found = judged(claims.looked(level, None, {}, {}, {}))
    claims.settle(level, found)
    assert found.p(TOGETHER) < 0.05 and level.verdict == "no_evidence" and level.mix_alone
    worse = {"web": of_stars(40, 25, 20, 10, 5), "email": [4 * n for n in of_stars(40, 25, 20, 10, 5)]}
    level.moved = verdicts.compare(STARS, "index", worse, before, 28, SURE)
    claims.settle(level, judged(claims.looked(level, None, {}, {}, {})))
    assert level.verdict == "down" and not level.mix_alone
