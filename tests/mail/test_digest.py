"""A digest comes on the person's own morning, once, and says what changed, what needs somebody and what was said."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from app.ids import uuid7
from app.mail import schedule
from app.models import Alert, Subscriber, now
from app.monitoring import alerts, lease
from app.monitoring.seen import Seen
from app.touchpoints.catalogue import LANGUAGES
from tests.mail.conftest import ON_SQLITE, part
from tests.mail.test_alerts import fell

BERLIN, ANNA = ZoneInfo("Europe/Berlin"), "anna@lindhoej.example"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("digest", "after", "due"),
    [
        ("weekly", "2026-11-25T12:00+01:00", "2026-11-30T07:00+01:00"),
        ("weekly", "2026-11-30T06:59+01:00", "2026-11-30T07:00+01:00"),
        ("weekly", "2026-11-30T07:00+01:00", "2026-12-07T07:00+01:00"),
        ("weekly", "2026-10-24T12:00+02:00", "2026-10-26T07:00+01:00"),  # the clocks go back on the 25th
        ("daily", "2026-03-28T08:00+01:00", "2026-03-29T07:00+02:00"),  # and forward on the 29th
        ("monthly", "2026-11-01T07:00+01:00", "2026-12-01T07:00+01:00"),
    ],
)
def test_a_digest_is_due_in_the_morning_summer_and_winter(digest, after, due):
    assert schedule.due_after(digest, BERLIN, at(after)) == at(due)
    assert schedule.due_after("none", BERLIN, at(after)) is None


@pytest.mark.parametrize(
    ("digest", "due", "before", "since", "until"),
    [
        ("weekly", "2026-11-30T07:00+01:00", None, "2026-11-23T00:00+01:00", "2026-11-30T00:00+01:00"),
        ("weekly", "2026-12-02T09:00+01:00", None, "2026-11-23T00:00+01:00", "2026-11-30T00:00+01:00"),  # late
        ("weekly", "2026-11-30T07:00+01:00", "2026-11-16", "2026-11-16T00:00+01:00", "2026-11-30T00:00+01:00"),
        ("weekly", "2026-10-26T07:00+01:00", None, "2026-10-19T00:00+02:00", "2026-10-26T00:00+01:00"),
        ("daily", "2026-10-26T07:00+01:00", None, "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),  # 25 hours
        ("monthly", "2026-12-01T07:00+01:00", None, "2026-11-01T00:00+01:00", "2026-12-01T00:00+01:00"),
        ("monthly", "2026-12-01T07:00+01:00", "2025-01-01", "2026-09-29T23:00+00:00", "2026-12-01T00:00+01:00"),
    ],
)
def test_it_tells_of_whole_days_since_the_last_one(digest, due, before, since, until):
    ended = datetime.combine(datetime.fromisoformat(before), datetime.min.time(), BERLIN) if before else None
    assert schedule.told(digest, BERLIN, at(due), ended) == (at(since), at(until))


async def say(client, touchpoint: str, when: datetime, **said: object) -> None:
    body = {**said, "occurred_at": when.isoformat()}
    answer = await client.put(f"/v1/touchpoints/{touchpoint}/feedback/{uuid7()}", json=body)
    assert answer.status_code == 201, answer.text


@pytest.fixture
async def last_week(client, make, clock):
    """Two touchpoints, and the next Monday 07:00 in Berlin: what is said and what falls now lies in the week before."""
    await make("checkout", name={"en": "Online shop", "de": "Webshop"}, scale="stars")
    await make("returns", name={"en": "Product return", "de": "Retoure", "da": "Retur", "pl": "Zwrot"}, scale="ces")
    return schedule.due_after("weekly", BERLIN, now())


def returns_fell(session: Session) -> None:
    fell(session, touchpoint_id=2)


async def test_a_digest_says_what_changed_what_needs_somebody_and_what_was_said(
    app, client, last_week, subscribe, send, clock
):
    await subscribe(ANNA, language="en", timezone="Europe/Berlin", alerts=False)
    when = now() - timedelta(minutes=5)
    await say(
        client, "returns", when, rating=1, comment="Three weeks until the refund <b>never</b> http://evil.example"
    )
    await say(client, "returns", when, rating=1, comment="No return label in the box, and no link.", locale="en")
    await say(client, "checkout", when, rating=5, comment="The picture of the room made it easy for me.")
    await say(client, "checkout", when, comment="Do you ship to Norway at all?")
    await app.state.db.write(returns_fell)
    assert await send() == []
    clock.at = last_week
    (mail,) = await send()
    assert mail["Subject"] == "Product return fell; one thing needs somebody"
    text, html = part(mail, "plain"), part(mail, "html")
    assert "Product return fell from 62 to 50" in text and "before 62 (58–65), now 50 (45–54)" in text
    assert "3 new comments to read" in text and "4 comments among 4 answers." in text
    assert text.count("  > ") >= 3 and "1 of 7, Product return" in text and "5 of 5, Online shop" in text
    assert "&lt;\u2060b" not in html and "<b>never" not in html and "http://evil" not in html + text
    assert "Look and take it" in html and await send() == []


async def test_a_calm_week_says_that_nothing_needs_anybody(client, last_week, subscribe, send, clock):
    await subscribe(ANNA, language="de", alerts=False, owner="Anna")
    clock.at = last_week
    (mail,) = await send()
    assert mail["Subject"] == "Es gibt nichts zu tun"
    assert "Es sind keine Antworten eingegangen." in part(mail, "plain")


async def test_nobody_reads_comments_who_was_added_by_a_key_that_may_not(client, anybody, last_week, send, clock):
    made = await client.post("/v1/keys", json={"name": "x", "scopes": ["subscribers:write"]})
    headers = {"Authorization": f"Bearer {made.json()['key']}"}
    await anybody.post("/v1/subscribers", json={"email": ANNA}, headers=headers)
    (mail,) = await send()
    await anybody.post(part(mail, "plain").split("/touch")[1].split()[0])
    await say(client, "checkout", now() - timedelta(minutes=1), rating=1, comment="Not for everybody's eyes at all.")
    clock.at = last_week + timedelta(hours=2)
    (mail,) = await send()
    assert "eyes" not in part(mail, "plain") + part(mail, "html") and "1 of 5" not in part(mail, "plain")
    assert "One new comment to read" in part(mail, "plain")


async def test_weeks_that_were_missed_make_one_late_letter_and_two_who_look_write_one(
    app, last_week, subscribe, send, mailer, clock, mailbox
):
    await subscribe(ANNA, alerts=False, timezone="Europe/Berlin")
    await app.state.db.write(returns_fell)
    seen = len(mailbox.seen)
    clock.at = last_week + timedelta(days=16)  # nothing ran for two Mondays
    await asyncio.gather(mailer.turn(), mailer.turn(), mailer.turn())
    await send()
    (mail,) = mailbox.mails[seen:]
    assert "Product return fell" in mail["Subject"]
    row = await app.state.db.read(lambda session: session.exec(select(Subscriber)).one())
    assert row.digest_at == last_week + timedelta(days=21) and row.digest_until.astimezone(BERLIN).weekday() == 0


def looked(*watching: int):
    """What the monitoring keeps of a look."""
    return lambda session: lease.note(session, now(), {"watched": len(watching), "watching": list(watching)})


@ON_SQLITE
async def test_a_digest_says_how_many_of_the_person_s_own_touchpoints_are_as_usual_and_of_how_many_nobody_can_tell(
    app, make, last_week, subscribe, send, clock
):
    for number in range(3, 9):
        await make(f"t{number}", tags=["stores"] if number > 4 else [])
    await subscribe(ANNA, alerts=False, timezone="Europe/Berlin")
    await subscribe("bo@lindhoej.example", alerts=False, timezone="Europe/Berlin", tags=["stores"], language="de")
    await app.state.db.write(returns_fell)
    clock.at = last_week
    before = {mail["To"]: part(mail, "plain") for mail in await send()}
    assert "as usual" not in before[ANNA], "nobody has looked yet"
    await app.state.db.write(looked(1, 2, 3, 4, 5, 6, 99))
    clock.at += timedelta(days=7)
    told = {mail["To"]: " ".join(part(mail, "plain").split()) for mail in await send()}
    assert "Of 6 touchpoints that are watched, 5 are as usual. 2 touchpoints have too few answers" in told[ANNA]
    assert "Alle 2 beobachteten Touchpoints sind wie immer. 2 Touchpoints haben" in told["bo@lindhoej.example"]
    await app.state.db.write(lambda session: alerts.change(session, 1, "closed", "false_alarm", "Anna"))
    await app.state.db.write(looked(1, 2))
    clock.at += timedelta(days=7)
    told = {mail["To"]: " ".join(part(mail, "plain").split()) for mail in await send()}
    assert "All 2 touchpoints that are watched are as usual. 6 touchpoints have" in told[ANNA]
    assert "beobachtet" not in told["bo@lindhoej.example"] and "4 Touchpoints haben" in told["bo@lindhoej.example"]


@ON_SQLITE
async def test_a_digest_for_some_segments_tells_of_falls_there_alone(app, last_week, subscribe, send, clock):
    for name, store in (("anna", "store:nord"), ("bo", "store:syd")):
        address = f"{name}@lindhoej.example"
        await subscribe(address, alerts=False, timezone="Europe/Berlin", segments=[store])
    await app.state.db.write(lambda session: fell(session, where=["store:nord"]))
    clock.at = last_week
    subjects = {mail["To"]: mail["Subject"] for mail in await send()}
    assert subjects == {ANNA: "Online shop fell", "bo@lindhoej.example": "Nothing needs you"}


@ON_SQLITE
async def test_a_comment_of_4000_characters_in_any_direction_with_markup_is_one_quiet_line(
    client, last_week, subscribe, send, clock
):
    await subscribe(ANNA, alerts=False, timezone="Europe/Berlin")
    said = "<b>*שלום*</b> \u202ehttp://evil.example <!channel> @all "
    await say(client, "checkout", now() - timedelta(minutes=1), rating=1, comment=said + "א" * (4000 - len(said)))
    clock.at = last_week
    (mail,) = await send()
    text, html = part(mail, "plain"), part(mail, "html")
    assert "שלום" in text and "<b>" not in html.partition("<h1")[2].partition('dir="auto"')[2].partition("</p>")[0]
    for alive in ("\u202e", "evil.example", "://evil", "*שלום*", "@all"):
        assert alive not in text and alive not in html, alive
    assert len(text) < 2000 and max(map(len, mail.as_bytes().splitlines())) < 998


@ON_SQLITE
async def test_what_was_closed_is_told_as_changed_and_needs_nobody(app, last_week, subscribe, send, clock):
    await subscribe(ANNA, alerts=False, timezone="Europe/Berlin")
    await app.state.db.write(returns_fell)
    await app.state.db.write(lambda session: alerts.change(session, 1, "closed", "fixed", "Anna"))
    clock.at = last_week
    (mail,) = await send()
    assert mail["Subject"] == "One thing changed" and "Look and take it" not in part(mail, "html")


@ON_SQLITE
async def test_a_review_that_is_due_and_an_older_alert_need_somebody(
    app, client, make, last_week, subscribe, send, clock
):
    await make("hotline")
    await subscribe(ANNA, alerts=False, timezone="Europe/Berlin", touchpoints=["hotline", "returns"])

    def old(session: Session) -> None:
        since = now() - timedelta(days=40)
        for number, kind in ((2, "silence"), (3, "review_due"), (1, "silence")):
            session.add(Alert(kind=kind, touchpoint_id=number, since=since, opened_at=since, evidence={}))

    await app.state.db.write(old)
    clock.at = last_week
    (mail,) = await send()
    text = part(mail, "plain")
    assert mail["Subject"] == "2 things need somebody"
    assert "gets no more answers" in text and "is due for a review" in text and "checkout" not in text


@ON_SQLITE
async def test_every_digest_can_be_written_in_every_language(app, client, last_week, subscribe, send, clock):
    for digest in schedule.PERIODS:
        for language in LANGUAGES:
            await subscribe(f"{digest}.{language}@lindhoej.example", alerts=False, digest=digest, language=language)
    await app.state.db.write(returns_fell)
    await say(client, "returns", now() - timedelta(minutes=1), rating=1, comment="Drei Wochen bis zum Geld.")
    clock.at = now() + timedelta(days=40)
    mails = await send()
    assert len(mails) == 12 and not any("{" in part(mail, "plain") for mail in mails)
    assert {(mail["To"].partition("@")[0].partition(".")[2], mail["Content-Language"]) for mail in mails} == {
        (language, language) for language in LANGUAGES
    }


@ON_SQLITE
async def test_targets_and_actions_that_were_decided_are_told_and_those_without_an_effect_are_not(
    app, last_week, subscribe, send, clock
):
    await subscribe(ANNA, alerts=False, timezone="Europe/Berlin")
    effect = {"action": 5, "title": "Fewer fields", "difference": {"value": -7.1, "low": -11, "high": -3}}
    found = [
        Seen(1, "target", True, now(), {"verdict": "missed", "level_after": 71.5, "target": 80}),
        Seen(2, "action", True, now(), {**effect, "verdict": "worse"}, "action:5"),
        Seen(2, "action", True, now(), {"action": 6, "title": "Nothing", "verdict": "no_evidence"}, "action:6"),
    ]
    await app.state.db.write(lambda session: alerts.note(session, found, now()))
    clock.at = last_week
    (mail,) = await send()
    text = part(mail, "plain")
    assert mail["Subject"] == "2 things changed" and "Nothing" not in text and "/touch/actions/5" in text
    assert "Online shop has missed its target" in text and "It stands at 71.5; the target is 80." in text
    assert "* Fewer fields did harm" in text and "Product return: by 7.1 points, between 3 and 11." in text
