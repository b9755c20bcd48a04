"""How alike days are, and what follows for a verdict: against worked examples and over HTTP."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from app.scores import baseline, days, mix, verdicts
from app.scores.day_variance import Alike, Cell
from app.scores.days import ASSUMED, Days
from app.scores.formulas import Estimate
from app.touchpoints.scales import SCALES

STARS = SCALES["stars"]
WORTH = days.values(STARS, "index")
STEADY = [3, 2, 5, 15, 25]
SCORE = "/v1/touchpoints/checkout/score"


def of_stars(*counts: int) -> list[int]:
    return [0, *counts, 0, 0, 0, 0, 0]


def fitted(*histograms):
    """Days from a Monday on, one source, all between six and twelve."""
    cells = [
        Cell(1 + day, 1, "web", sum(counts), sum(c * w for c, w in zip(counts, WORTH, strict=True)))
        for day, counts in enumerate(histograms)
    ]
    return days.fit(cells, [sum(column) for column in zip(*histograms, strict=True)], WORTH), cells


def test_days_that_are_all_alike_give_the_figures_of_the_worked_example():
    found, cells = fitted(*[STEADY] * 112)
    assert (found.usual.mean, found.within) == pytest.approx((0.7848728, 0.0800813), abs=1e-6)
    assert (found.rho, found.se) == pytest.approx((0.0025, 0.0040110), abs=1e-6)
    assert found.level == 0, "an interval takes them as they are"
    assert found.usual.expected(1, 1, "web") == pytest.approx(0.785, abs=1e-6)
    assert days.summary(found, cells).uneven == pytest.approx(1)


def test_good_and_bad_days_are_seen_and_neighbours_alike_count_for_more():
    bad = [25, 15, 5, 2, 3]
    turns, _ = fitted(*Random(1).sample([STEADY, bad] * 56, 112))
    runs, _ = fitted(*([STEADY] * 5 + [bad] * 5) * 11)
    assert 0.3 < turns.rho < runs.rho


def test_what_came_out_too_high_by_chance_is_set_off_only_where_there_are_many_days():
    turned = [-0.004, 0.001, 0.0, 0.0]  # times two on both sides
    assert Alike(0.01, turned, 112).level == pytest.approx(0.005), "half of the days' own at least"
    assert Alike(0.01, [-0.001, 0.001, 0.0, 0.001], 112).level == pytest.approx(0.012)
    assert Alike(0.01, turned, 83).level == Alike(0.01, turned, 112).cautious == pytest.approx(0.012)
    assert Alike(-0.01, turned, 112).level == 0
    assert Alike(-0.01, turned, 112).cautious == pytest.approx(0.0025), "never less alike than 0.05 deviations"
    assert Alike(-0.01, [0.002, -0.009, 0.0, 0.0], 112).cautious == pytest.approx(0.004)


@pytest.mark.parametrize("histograms", [[[1, 1, 1, 2, 2]] * 14, [[9, 9, 9, 9, 9]] * 13])
def test_too_little_to_measure_is_not_measured(histograms):
    assert fitted(*histograms)[0] is None


def test_the_always_valid_interval_gives_the_figures_of_the_worked_example():
    effective = 400 / (1 + 0.01 * (20 - 1))  # 400 answers, their days' squares 20, rho 0.01
    assert days.always_valid(effective, 600 / 1.2) == pytest.approx(0.1660212, abs=1e-6)
    assert days.always_valid(19.9, 500) is None


def test_a_few_days_are_worth_few_answers_and_part_of_a_week_is_less_sure():
    alike = Days(0.1, 0.05, 1.0, measured=True)
    assert alike.effective(10_000, 1) < 1 / 0.1
    assert alike.variance(28) == pytest.approx(0.1 / 28)
    assert alike.variance(30) > 0.1 / 30


def test_what_one_rating_is_worth_to_a_metric_is_what_the_metric_makes_of_it():
    for scale in SCALES.values():
        for metric in scale.metrics:
            low, high = scale.bounds(metric)
            for rating, worth in zip(scale.ratings, days.values(scale, metric), strict=True):
                counts = [int(place == rating) * 10 for place in range(11)]
                assert verdicts.level(scale, metric, counts, 10, ASSUMED).value == pytest.approx(
                    low + worth * (high - low)
                )


def test_more_mail_alone_is_no_fall():
    web, mail = of_stars(2, 3, 10, 35, 50), of_stars(15, 15, 20, 30, 20)
    before = {"web": [8 * n for n in web], "email": [2 * n for n in mail]}
    now = {"web": [5 * n for n in web], "email": [5 * n for n in mail]}
    moved = verdicts.compare(STARS, "index", now, before, 28, Days(0.0025, 0, 1, measured=True))
    assert moved.verdict() == "no_evidence" and moved.difference.value == pytest.approx(0)
    assert moved.unadjusted.high < 0 and moved.mix_shifted
    worse = {"web": [5 * n for n in of_stars(15, 15, 20, 25, 25)], "email": now["email"]}
    moved = verdicts.compare(STARS, "index", worse, before, 28, ASSUMED)
    assert moved.verdict() == "down" and not moved.mix_shifted


def test_sources_that_were_never_there_together_cannot_be_compared():
    moved = verdicts.compare(
        STARS, "mean", {"web": of_stars(90, 0, 0, 0, 0)}, {"api": of_stars(0, 0, 0, 0, 90)}, 28, ASSUMED
    )
    assert moved.verdict() == "no_evidence" and moved.difference is None and moved.mix_shifted


@pytest.mark.parametrize(("n", "verdict"), [(9, "no_evidence"), (10, "down")])
def test_nothing_is_said_below_ten_answers(n, verdict):
    now, before = {"web": of_stars(n, 0, 0, 0, 0)}, {"web": of_stars(0, 0, 0, 0, 400)}
    moved = verdicts.compare(STARS, "mean", now, before, 30, ASSUMED)
    assert (moved.verdict(), moved.few) == (verdict, n < 10)


def test_many_changes_are_judged_together():
    p_values = [0.01, 0.02, 0.03, 0.5]
    assert verdicts.benjamini_hochberg(p_values) == pytest.approx([0.04, 0.04, 0.04, 0.5])
    assert verdicts.together([None]) == ([None], 0)


async def test_a_change_within_loud_days_is_no_evidence_and_the_score_says_what_it_went_by(client, make):
    """Days swing by two stars; the last ten happened to be worse, which answers taken one by one would call a fall."""
    await make("checkout", scale="stars")
    now = datetime.now(UTC).replace(hour=0, minute=30)
    items = []
    for back in range(1, 135):
        rating = 2 if back % 10 < (6 if back <= 10 else 4) else 5
        at = (now - timedelta(days=back)).isoformat()
        items += [{"touchpoint": "checkout", "rating": rating, "occurred_at": at}] * 20
    for start in range(0, len(items), 500):
        assert (await client.post("/v1/feedback/batch", json={"items": items[start : start + 500]})).status_code == 200
    params = {"days": 11, "compare": "previous"}
    score = (await client.get(SCORE, params=params)).json()
    trend = score["trend"]
    assert score["interval"] == "answers" and score["definition"] == "2026-2"
    before = trend["previous"]["metrics"]["mean"]
    assert score["metrics"]["mean"]["high"] < before["low"], "taken one by one, the answers fell"
    assert (trend["verdict"], trend["days"], trend["interval"]) == ("no_evidence", "measured", "days")
    assert (trend["corrected_for"], trend["too_few"], trend["mix_shifted"]) == (1, False, False)
    (listed,) = (await client.get("/v1/scores", params=params)).json()["items"]
    assert listed["trend"] == trend


async def test_a_target_is_final_when_its_period_is_over(client, make):
    await make("checkout", scale="csat", target={"metric": "csat", "value": 50})
    now = datetime.now(UTC)
    items = [
        {"touchpoint": "checkout", "rating": 5, "occurred_at": (now - timedelta(days=back)).isoformat()}
        for back in range(2, 8)
    ] * 3
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == 18
    until = (now - timedelta(days=1)).isoformat()
    ended = (await client.get(SCORE, params={"days": 10, "until": until})).json()["target"]
    running = (await client.get(SCORE, params={"days": 10})).json()["target"]
    assert (ended["status"], ended["final"]) == ("met", True)
    assert (running["status"], running["final"]) == ("undecided", False)


async def test_more_answers_than_were_asked_for_have_no_interval(client, make):
    await make("checkout", scale="stars", origins=["https://shop.example"])
    headers = {"Origin": "https://shop.example"}
    asked = await client.post("/v1/touchpoints/checkout/asked", json={"n": 1}, headers=headers)
    assert asked.status_code == 204
    for _ in range(2):
        await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 4}, headers=headers)
    rate = (await client.get(SCORE)).json()["response_rate"]
    assert rate is None or rate["at_least"] == (rate["answered"] > rate["asked"])


def test_a_mix_that_moved_as_it_does_from_day_to_day_is_blamed_for_nothing():
    """The same shares, of days on which mail is always a fifth, and of days on which it comes in bursts."""
    steady = [(day, source, n) for day in range(112) for source, n in (("web", 40), ("email", 10))]
    bursts = [(day, source, n) for day in range(112) for source, n in (("web", 40), ("email", 40 * (day % 28 < 7)))]
    levels, now, before = {"web": 0.8, "email": 0.5}, {"web": 1000, "email": 400}, {"web": 1120, "email": 280}
    sure, loud = (mix.moved_p([mix.Mix(levels, now, before, mix.mean_days(daily))], 28) for daily in (steady, bursts))
    assert sure < 0.001 and loud > 0.2
    assert mix.moved_p([mix.Mix(dict.fromkeys(levels, 0.7), now, before)], 28) == 1.0


def test_mixes_of_two_touchpoints_that_moved_against_each_other_moved_nothing_together():
    levels, now, before = {"web": 0.8, "email": 0.5}, {"web": 1000, "email": 400}, {"web": 1120, "email": 280}
    fell, rose = mix.Mix(levels, now, before, weight=0.5), mix.Mix(levels, before, now, weight=0.5)
    assert mix.moved_p([fell, rose], 2800) == pytest.approx(1.0)
    alone = mix.moved_p([fell], 2800)
    assert alone == pytest.approx(mix.moved_p([fell._replace(weight=3.0)], 2800)) and alone < 0.01
    assert mix.moved_p([fell, fell], 2800) < alone


def test_the_days_of_a_mix_are_measured_with_the_others_where_there_are_several_sources():
    rows = [(day, source, of_stars(1, 1, 1, 1, 4)) for day in range(56) for source in ("web", "email")]
    assert baseline.measure(STARS, "index", rows).mix is not None
    assert baseline.measure(STARS, "index", rows[::2]).mix is None


def test_verdicts_that_differ_by_a_hair_are_no_mix_that_moved():
    """All together just fell and within the sources just not, for the mix hardly changed."""
    whole = verdicts.Moved(Estimate(-2, -4.1, 0.1), Estimate(-2.1, -4.1, -0.1), few=False, p=0.06, mix_p=0.4)
    assert not whole.mix_shifted and whole._replace(mix_p=0.01).mix_shifted
