"""The words that separate low from high ratings, on comments where the answer is known."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from app.answers.stopwords import STOPWORDS, stopwords
from app.answers.terms import Comment, log_odds, of_comment, separate, words
from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store

EN = stopwords("en")


def said(text, low=True, times=1):
    return [Comment(text, low, EN)] * times


def test_the_log_odds_and_its_z_score_are_those_of_the_paper_by_hand():
    # prior 400 terms, 4 of them this one; ln(34 / 1366) - ln(14 / 3386) = 1.7951; variance 1/34 + 1/14 = 0.10084
    assert log_odds(30, 1000, 10, 3000) == pytest.approx((1.7951, 5.6528), abs=1e-4)


def test_a_term_that_both_sides_say_alike_has_no_odds():
    assert log_odds(20, 500, 20, 500) == (0, 0)
    odds, z = log_odds(10, 500, 30, 700)
    other, opposite = log_odds(30, 700, 10, 500)
    assert (odds, z) == pytest.approx((-other, -opposite))


def test_words_are_letters_of_any_script_in_small():
    assert words("Die Größe war FALSCH, 3x zurück!") == ["die", "größe", "war", "falsch", "x", "zurück"]
    assert words("Don’t   e-mail_me; ŹLE zapakowane, позно") == [
        "don't",
        "e",
        "mail",
        "me",
        "źle",
        "zapakowane",
        "позно",
    ]
    assert words("é") == words("e\u0301") == ["é"]
    assert words("🙂 123 ...") == []


def test_phrases_are_two_telling_words_next_to_each_other():
    singles, pairs = of_comment(Comment("The waiting time and the staff, not friendly", True, EN))
    assert singles == {"waiting", "time", "staff", "not", "friendly"}
    assert pairs == {"waiting time", "staff not", "not friendly"}


def test_who_repeats_himself_is_counted_once():
    found = separate(
        said("slow and slow and slow", times=8) + said("nice fast", False, times=20) + said("odd", times=9)
    )
    assert next(term for term in found if term.term == "slow").low == 8


def test_the_planted_words_are_found_at_both_ends_and_the_others_are_not():
    chance = random.Random(3)
    common = [f"word{chr(97 + n)}" for n in range(26)]
    comments = []
    for n in range(600):
        low = n % 3 == 0
        text = chance.choices(common, k=8)
        if low and chance.random() < 0.25:
            text += ["waiting", "time"]
        if chance.random() < (0.05 if low else 0.25):
            text.insert(0, "friendly")
        comments.append(Comment(" ".join(text), low, EN))
    found = separate(comments)
    assert [term.term for term in found] == ["waiting time", "friendly"]
    assert found[0].low > 20 and found[0].high == 0
    assert found[-1].term == "friendly" and found[-1].z < 0


def test_a_word_that_occurs_without_its_phrase_is_shown_beside_it():
    comments = said("waiting time", times=10) + said("waiting forever", times=10) + said("nice people", False, times=40)
    shown = {term.term for term in separate(comments) if term.z > 0}
    assert {"waiting", "waiting time", "waiting forever"} <= shown
    assert "time" not in shown and "forever" not in shown


def test_rare_terms_and_one_sided_comments_say_nothing():
    assert separate([]) == []
    assert separate(said("awful awful", times=50)) == []
    assert separate(said("one", times=9) + said("one", False, times=9)) == []
    assert all(term.low + term.high >= 3 for term in separate(said("rare bird", times=2) + said("x y fine", False, 30)))


def test_ratings_at_random_list_a_term_in_at_most_one_of_twenty_simulations():
    chance, wrong, runs = random.Random(9), 0, 150
    vocabulary = [f"{a}{b}q" for a in "abcdefghij" for b in "abcdefghij"]
    weights = [1 / (rank + 1) for rank in range(100)]
    for _ in range(runs):
        texts = [" ".join(chance.choices(vocabulary, weights, k=10)) for _ in range(120)]
        found = separate([Comment(text, chance.random() < 0.3) for text in texts])
        wrong += bool(found)
    assert wrong / runs <= 0.05


def test_stop_words_are_of_the_comments_language_or_of_all():
    assert "die" in stopwords("de-AT") and "die" not in stopwords("en")
    assert stopwords(None) == stopwords("fr") >= STOPWORDS["pl"]
    assert not any({"not", "nicht", "ikke", "nie", "no"} & found for found in STOPWORDS.values())


@pytest.fixture
def hear(app):
    """await hear("shop", [(1, "slow", "en"), ...], at=...): answers with comments."""

    async def _hear(key, answers, at=datetime(2026, 6, 1, 12, tzinfo=UTC), flags=""):
        known = await app.state.registry.get(key)
        rows = []
        for n, (rating, comment, locale) in enumerate(answers):
            when = at + timedelta(minutes=n)
            given = (known.id, uuid7(), rating, comment, "", "web", flags, locale, None, None, when, when)
            rows.append(Answer(*given, zone=known.zone))
        await app.state.db.write(lambda session: store(session, rows))

    return _hear


COMMENTS = [(1, "The parcel was late again", "en")] * 12 + [(5, "Friendly courier", "en")] * 16
COMMENTS += [(2, "Das Paket kam zu spät", "de-DE")] * 12 + [(5, "Netter Fahrer", "de_AT")] * 16


async def test_terms_come_with_counts_and_the_newest_examples(client, make, hear):
    await make("courier", scale="stars")
    await hear("courier", COMMENTS)
    answer = await client.get("/v1/touchpoints/courier/terms?lang=en")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["low_comments"], found["high_comments"], found["limited"]) == (12, 16, False)
    assert (found["low_ratings"], found["high_ratings"]) == ([1, 2, 3], [4, 5])
    assert [term["term"] for term in found["low"]] == ["late again", "parcel"]
    first = found["low"][0]
    assert (first["low"], first["high"]) == (12, 0) and first["z"] > 1.96
    assert [example["comment"] for example in first["examples"]] == ["The parcel was late again"] * 3
    assert first["examples"][0]["occurred_at"] == "2026-06-01T12:11:00Z"
    assert [term["term"] for term in found["high"]] == ["friendly courier"]


async def test_language_window_and_flags_choose_the_comments(client, make, hear):
    await make("courier", scale="stars", timezone="Europe/Berlin")
    await hear("courier", COMMENTS)
    await hear("courier", [(1, "buy pills", "en")] * 20, flags="spam")
    url = "/v1/touchpoints/courier/terms"
    german = (await client.get(f"{url}?lang=de")).json()
    assert (german["low_comments"], german["high_comments"]) == (12, 16)
    assert {"paket kam", "spät"} == {term["term"] for term in german["low"]}
    both = (await client.get(url)).json()
    assert (both["low_comments"], both["high_comments"]) == (24, 32)
    assert (await client.get(f"{url}?since=2026-06-02")).json()["low_comments"] == 0
    assert (await client.get(f"{url}?until=2026-06-01")).json()["low_comments"] == 24
    assert len((await client.get(f"{url}?limit=1")).json()["low"]) == 1


async def test_only_the_newest_comments_are_read_and_the_answer_says_so(client, make, hear, monkeypatch):
    await make("courier", scale="stars")
    await hear("courier", COMMENTS)
    monkeypatch.setattr("app.answers.terms_routes.COMMENTS_MOST", 10)
    found = (await client.get("/v1/touchpoints/courier/terms")).json()
    assert found["limited"] is True
    assert found["low_comments"] + found["high_comments"] == 10


async def test_passives_are_neither_low_nor_high(client, make, hear):
    await make("brand", scale="nps")
    await hear("brand", [(7, "so so", "en"), (8, "so so", "en"), (6, "bad", "en"), (9, "good", "en")])
    found = (await client.get("/v1/touchpoints/brand/terms")).json()
    assert (found["low_ratings"], found["high_ratings"]) == (list(range(7)), [9, 10])
    assert (found["low_comments"], found["high_comments"]) == (1, 1)
    assert found["low"] == found["high"] == []


async def test_comments_are_for_those_who_may_read_feedback(client, anybody, make):
    await make("courier")
    key = (await client.post("/v1/keys", json={"name": "scores", "scopes": ["scores:read"]})).json()["key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert (await anybody.get("/v1/touchpoints/courier/terms", headers=headers)).status_code == 403
    assert (await client.get("/v1/touchpoints/nowhere/terms")).json()["code"] == "touchpoint_unknown"


def test_chinese_and_japanese_are_told_apart_by_two_characters_at_a_time():
    assert words("配送が遅い iPhone配送") == ["配送", "送が", "が遅", "遅い", "iphone", "配送"]
    late = [Comment(f"{start}配送太慢了", low=True) for start in ("今天", "这次", "真的", "还是", "你们", "他们")]
    good = [Comment(f"{start}态度很好", low=False) for start in ("今天", "这次", "真的", "还是", "你们", "他们")]
    found = {term.term: term.z for term in separate(late * 3 + good * 3)}
    assert found["配送"] > 1.96 and found["态度"] < -1.96
    assert not [term for term in found if " " in term]
