"""Whoever wants to hear of a touchpoint is told when it falls: once, in his language, and nobody else."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import Session, select

from app.mail.outbox import covers
from app.models import Letter, Subscriber, Touchpoint, now
from app.monitoring import alerts
from app.monitoring.seen import Seen
from tests.mail.conftest import ON_SQLITE, link, part

FELL = {"level_before": 62.2, "level_after": 49.6, "answers": 310, "statistic": 9.1, "threshold": 7.0}
FELL |= {"interval_before": {"low": 58.1, "high": 65.4}, "interval_after": {"low": 44.8, "high": 54.4}}


def fell(
    session: Session, kind: str = "drop", touchpoint_id: int = 1, *, there: bool = True, where: Sequence[str] = ()
) -> None:
    since, evidence = now() - timedelta(days=5), FELL if kind == "drop" else {}
    evidence = evidence | ({"segments": [{"segment": one} for one in where]} if where else {})
    alerts.note(session, [Seen(touchpoint_id, kind, there, since, evidence)], now())


@pytest.fixture
async def returns(make):
    name = {"en": "Product return", "de": "Retoure", "da": "Returnering", "pl": "Zwrot"}
    return await make("returns", name=name, tags=["parcels"], owner="Anna")


async def test_a_fall_is_told_once_to_each_in_his_language(app, client, returns, subscribe, send, anybody):
    for language in ("en", "de", "da", "pl"):
        await subscribe(f"{language}@lindhoej.example", language=language, digest="none")
    ended = await subscribe("ended@lindhoej.example")
    await client.post("/v1/subscribers", json={"email": "pending@lindhoej.example"})
    await subscribe("quiet@lindhoej.example", alerts=False)
    await send()
    for _ in range(2):
        await app.state.db.write(fell)
    await client.delete(f"/v1/subscribers/{ended['id']}")
    told = {mail["To"]: mail for mail in await send()}
    assert {to: mail["Subject"] for to, mail in told.items()} == {
        "en@lindhoej.example": "Product return fell from 62 to 50",
        "de@lindhoej.example": "Retoure ist von 62 auf 50 gefallen",
        "da@lindhoej.example": "Returnering er faldet fra 62 til 50",
        "pl@lindhoej.example": "Zwrot – spadek z 62 na 50",
    }
    mail = told["en@lindhoej.example"]
    assert "https://feedback.lindhoej.example/touch/alerts/1" in part(mail, "html")
    assert "310 answers since then." in part(mail, "plain") and link(mail, "stop")
    assert "before 62 (58–65), now 50 (45–54)" in part(mail, "plain")
    assert 'width="9%" bgcolor="#d55e00"' in part(mail, "html"), "as wide as from 45 to 54"
    await anybody.post(link(mail, "stop"))
    await app.state.db.write(lambda session: alerts.change(session, 1, "closed", "false_alarm", "Anna"))
    assert await send() == []


@pytest.mark.parametrize(
    ("wanted", "hears"),
    [
        ({}, True),
        ({"touchpoints": "checkout returns"}, True),
        ({"touchpoints": "checkout"}, False),
        ({"tags": "stores parcels"}, True),
        ({"tags": "stores"}, False),
        ({"owner": "Anna"}, True),
        ({"owner": "Bo"}, False),
        ({"owner": "Bo", "touchpoints": "returns"}, True),
    ],
    ids=str,
)
def test_only_whom_it_concerns_is_told(wanted, hears):
    said = {"email": "", "language": "en", "timezone": "UTC", "base": "", "created_by": ""}
    place = {"phase": "", "contact": "", "channel": "", "scale": "csat", "tags": ["parcels"], "owner": "Anna"}
    assert covers(Subscriber(**said, **wanted), Touchpoint(key="returns", **place)) == hears


async def test_who_wants_some_segments_is_told_of_falls_there_and_of_nothing_else(
    app, client, returns, make, subscribe, send
):
    await make("checkout")
    for name, segments in {"nord": ["store:nord", "store:øst"], "syd": ["store:syd"], "all": []}.items():
        found = await subscribe(f"{name}@lindhoej.example", segments=segments, digest="none")
        assert found["segments"] == segments
    await app.state.db.write(lambda session: fell(session, where=["store:nord", "store:west"]))
    assert sorted(mail["To"].partition("@")[0] for mail in await send()) == ["all", "nord"]
    await app.state.db.write(lambda session: fell(session, "silence"))
    await app.state.db.write(lambda session: fell(session, touchpoint_id=2))
    assert [mail["To"].partition("@")[0] for mail in await send()] == ["all", "all"]
    changed = await client.patch("/v1/subscribers/2", json={"segments": []})
    assert changed.json()["segments"] == [] and changed.json()["touchpoints"] == []
    wrong = await client.patch("/v1/subscribers/2", json={"segments": ["nord"]})
    assert wrong.status_code == 422 and "segments" in wrong.json()["errors"][0]["place"]


@ON_SQLITE
async def test_a_trouble_that_is_over_and_good_news_are_not_told_at_once(app, returns, subscribe, send):
    await subscribe("anna@lindhoej.example", digest="none")
    await app.state.db.write(fell)
    await app.state.db.write(lambda session: fell(session, there=False))
    await app.state.db.write(lambda session: fell(session, "rise"))
    assert await send() == []


async def test_an_alert_that_is_not_written_is_not_told(app, returns, subscribe, send):
    await subscribe("anna@lindhoej.example", digest="none")

    def broken(session: Session) -> None:
        fell(session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await app.state.db.write(broken)
    letters = await app.state.db.read(lambda session: session.exec(select(Letter.kind)).all())
    assert await send() == [] and list(letters) == ["invitation"]


@ON_SQLITE
async def test_each_kind_of_alert_has_a_sentence(app, returns, subscribe, send):
    await subscribe("anna@lindhoej.example", digest="none", language="de")
    for kind in ("silence", "device_silent", "flood", "review_due", "never_heard_of"):
        await app.state.db.write(partial(fell, kind=kind))
    subjects = {mail["Subject"] for mail in await send()}
    assert len(subjects) == 5 and all(len(said) > 15 and said.startswith("Retoure ") for said in subjects)
