"""The client that Delighted published, pointed at a server of ours: all its kinds of calls."""

import asyncio
import base64
import time
import warnings
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.auth import SCOPES
from app.compat.basic import as_bearer
from app.compat.shapes import metrics
from tests.conftest import ADMIN
from tests.reliability.server import Server

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # the package says that the service was closed
    import delighted

NEEDED = ("feedback:read", "feedback:write", "scores:read", "links:write")


@pytest.fixture
def served(sqlite_url, tmp_path):
    """The official client, its key bound to a touchpoint; and one of ours with all rights."""
    server = Server(sqlite_url, tmp_path / "log")
    server.start()
    asyncio.run(server.ready())
    address = f"http://127.0.0.1:{server.port}"
    with httpx.Client(base_url=address, headers=ADMIN) as admin:
        for key, scale in (("shop", "nps"), ("store", "stars")):
            admin.post("/v1/touchpoints", json={"key": key, "scale": scale}).raise_for_status()
        body = {"name": "old client", "scopes": NEEDED, "touchpoint": "shop"}
        key = admin.post("/v1/keys", json=body).raise_for_status().json()["key"]
        yield delighted.Client(key, f"{address}/compat/delighted/v1/", delighted.http_adapter), admin
    server.stop()


def test_the_official_client_makes_all_its_calls(served):
    client, admin = served
    person = delighted.Person.create(client=client, email="Ann@Example.com", name="Ann", properties={"plan": "pro"})
    again = delighted.Person.create(client=client, email="ann@example.com", send=False)
    assert person.id == again.id and "@" not in person.id and again["links"] is None
    assert person["links"]["urls"]["10"].endswith("?s=10") and isinstance(person.created_at, int)

    now = int(time.time())
    first = delighted.SurveyResponse.create(
        client=client, person=person.id, score=9, comment="Quick", person_properties={"city": "Aarhus"},
        tags=["shipping", "new"], created_at=now - 3600,
    )  # fmt: skip
    assert (first.score, first.comment, first.person, first.survey_type) == (9, "Quick", person.id, "nps")
    assert (first.person_properties, first.tags, first.created_at) == (
        {"city": "Aarhus"},
        ["shipping", "new"],
        now - 3600,
    )
    old = delighted.SurveyResponse.create(client=client, person="77", score=0, created_at=now - 400 * 86_400)
    for score in (7, 10, 3):
        delighted.SurveyResponse.create(client=client, person="someone@else.example", score=score)

    assert delighted.SurveyResponse.retrieve(first.id, client=client).comment == "Quick"
    first.comment, first.score = "Quick and kind", 10
    changed = first.save(client=client)
    assert (changed.score, changed.comment, changed.tags) == (10, "Quick and kind", ["shipping", "new"])
    assert first.save(client=client).score == 10, "the same again"
    old.score = 5
    with pytest.raises(delighted.errors.GeneralAPIError) as refused:
        old.save(client=client)
    assert refused.value.response.status_code == 409

    listed = delighted.SurveyResponse.all(client=client)
    assert [item.id for item in listed[:2]] == [old.id, first.id], "the oldest first"
    pages = [delighted.SurveyResponse.all(client=client, per_page=2, page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [item.id for page in pages for item in page] == [item.id for item in listed]
    recent = delighted.SurveyResponse.all(
        client=client, since=now - 7200, until=datetime.now(UTC) - timedelta(minutes=30)
    )
    assert [item.id for item in recent] == [first.id]
    assert delighted.SurveyResponse.all(client=client, order="desc:created_at", per_page=1)[0].score == 3
    expanded = delighted.SurveyResponse.all(client=client, person_id=person.id, expand=["person"])
    assert [item.person.id for item in expanded] == [person.id]

    figures = delighted.Metrics.retrieve(client=client)
    assert (figures.nps, figures.promoter_count, figures.passive_count, figures.detractor_count) == (0, 2, 1, 2)
    assert (figures.response_count, figures.promoter_percent) == (5, 40.0)
    assert delighted.Metrics.retrieve(client=client, since=now - 86_400).response_count == 4

    assert delighted.Person.all(client=client) == []
    assert list(delighted.Person.list(client=client).auto_paging_iter()) == []
    assert delighted.Unsubscribe.all(client=client) == delighted.Bounce.all(client=client) == []
    assert delighted.Unsubscribe.create(client=client, person_email="ben@example.com")["ok"]
    assert delighted.Person.create(client=client, email="Ben@example.com")["links"] is None
    assert delighted.SurveyRequest.delete_pending(client=client, person_email="ann@example.com")["ok"]
    assert delighted.AutopilotConfiguration.retrieve("email", client=client).active is False
    for members in (delighted.AutopilotMembership.forEmail(), delighted.AutopilotMembership.forSms()):
        made = members.create(client=client, person_email="ann@example.com")
        assert made.person["id"] == person.id
        assert list(members.list(client=client).auto_paging_iter()) == []
        assert members.delete(client=client, person_email="ann@example.com")["person"]["id"] == person.id

    stored = admin.get("/v1/feedback", params={"touchpoint": "shop"}).json()["items"]
    assert len(stored) == 5 and not any("@" in (item["respondent"] or "") for item in stored)
    assert delighted.Person.delete(client=client, email="ann@example.com")["ok"]
    assert len(admin.get("/v1/feedback", params={"touchpoint": "shop"}).json()["items"]) == 4

    with pytest.raises(delighted.errors.ResourceValidationError):
        delighted.SurveyResponse.create(client=client, person="1", score=11)
    with pytest.raises(delighted.errors.ResourceValidationError):
        delighted.Person.create(client=client, name="nobody")
    stranger = delighted.Client("tsk_wrong", client.api_base_url, delighted.http_adapter)
    with pytest.raises(delighted.errors.AuthenticationError):
        delighted.Metrics.retrieve(client=stranger)


PATHS = {
    ("GET", "/survey_responses.json"): "feedback:read",
    ("POST", "/survey_responses"): "feedback:write",
    ("GET", "/survey_responses/0192f0c1-2222-7000-8000-000000000001.json"): "feedback:read",
    ("PUT", "/survey_responses/x"): "feedback:write",
    ("GET", "/metrics.json"): "scores:read",
    ("GET", "/people.json"): "feedback:read",
    ("POST", "/people.json"): "links:write",
    ("DELETE", "/people/email:a@b.c"): "feedback:write",
    ("DELETE", "/people/a@b.c/survey_requests/pending"): "feedback:write",
    ("GET", "/unsubscribes.json"): "feedback:read",
    ("POST", "/unsubscribes"): "feedback:write",
    ("GET", "/bounces"): "feedback:read",
    ("GET", "/autopilot/email"): "feedback:read",
    ("GET", "/autopilot/sms/memberships.json"): "feedback:read",
    ("POST", "/autopilot/sms/memberships"): "feedback:write",
    ("DELETE", "/autopilot/sms/memberships"): "feedback:write",
}


async def test_each_call_needs_its_scope_and_refuses_before_it_reads(app, anybody, client, make):
    await make("shop")
    keys = {}
    for scope in SCOPES:
        made = await client.post("/v1/keys", json={"name": scope, "scopes": [scope]})
        keys[scope] = base64.b64encode(made.json()["key"].encode() + b":").decode()
    for (method, path), needed in PATHS.items():
        address = f"/compat/delighted/v1{path}"
        assert (await anybody.request(method, address, content=b"{")).status_code == 401, path
        for scope in ("devices:read", needed, "admin"):
            headers = {"Authorization": f"Basic {keys[scope]}", "Content-Type": "application/json"}
            answer = await anybody.request(method, address, content=b"[1]", headers=headers)
            assert (answer.status_code == 403) == (scope == "devices:read"), (path, scope, answer.text)
            assert answer.status_code < 500


async def test_a_key_without_a_touchpoint_goes_to_the_only_one_and_is_told_when_there_are_several(client, make):
    await make("shop", scale="nps")
    body = {"person": "1", "score": 10}
    assert (await client.post("/compat/delighted/v1/survey_responses.json", json=body)).status_code == 201
    filters = "since=0&until=7000000000&updated_since=1&updated_until=7000000000&person_id=1&order=desc:updated_at"
    listed = await client.get(f"/compat/delighted/v1/survey_responses?{filters}&expand[]=person&page=1&per_page=5")
    assert [item["person"]["id"] for item in listed.json()] == ["1"]
    assert (await client.get("/compat/delighted/v1/survey_responses?page=2")).json() == []
    assert (await client.delete("/compat/delighted/v1/people/1")).json() == {"ok": True}
    assert (await client.get("/compat/delighted/v1/metrics")).json()["response_count"] == 0
    await make("other")
    refused = await client.post("/compat/delighted/v1/survey_responses.json", json=body)
    assert refused.status_code == 422 and "--touchpoint" in refused.json()["errors"][0]["mend"]


FORM = (
    "email=Ann%40example.com&send=true&properties[store]=Nord+2&properties[plan]=pro",
    "person=ann%40example.com&score=9&comment=Quick%20%26%20kind&tags[]=new&tags[]=shipping&person_properties[store]=N",
)


async def test_bodies_may_be_forms_as_curl_sends_them(client, make):
    await make("shop", scale="nps")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    address = "/compat/delighted/v1"
    person = await client.post(f"{address}/people.json", content=FORM[0], headers=headers)
    assert person.status_code == 201 and person.json()["links"]["urls"]["10"]
    said = (await client.post(f"{address}/survey_responses", content=FORM[1], headers=headers)).json()
    assert (said["score"], said["comment"], said["tags"]) == (9, "Quick & kind", ["new", "shipping"])
    assert (said["person"], said["person_properties"]) == (person.json()["id"], {"store": "N"})
    for nonsense in (b"\xff\xfe", b"no form", b"score=nine&person=1", b"&".join([b"a=1"] * 300)):
        refused = await client.post(f"{address}/survey_responses", content=nonsense, headers=headers)
        assert refused.status_code in (400, 422), nonsense


async def test_who_unsubscribes_is_never_asked_again_whatever_the_cool_down_says(client, make):
    await make("shop")
    address = "/compat/delighted/v1"
    number = (await client.post(f"{address}/people", json={"email": "ann@example.com", "send": False})).json()["id"]
    assert (await client.post(f"{address}/unsubscribes", json={"person_email": "Ann@Example.com"})).status_code == 201
    said = (await client.get("/v1/may-ask", params={"respondent": number})).json()
    assert said == {"may": False, "again_at": None, "because": "unsubscribed"}
    asked = {"touchpoint": "shop", "recipients": [{"respondent": number}, {"respondent": "other"}]}
    for respect in (True, False):
        made = (await client.post("/v1/links", json=asked | {"respect_cooldown": respect})).json()
        assert {"respondent": number, "because": "unsubscribed"} in made["skipped"]
        assert not respect or [item["respondent"] for item in made["items"]] == ["other"]
    assert (await client.post(f"{address}/unsubscribes", json={})).status_code == 422


@pytest.mark.parametrize(
    ("said", "bears"),
    [
        (b"Basic " + base64.b64encode(b"tsk_x:"), b"Bearer tsk_x"),
        (b"basic " + base64.b64encode(b"tsk_x"), b"Bearer tsk_x"),
        (b"Basic \xff", b"Bearer "),
        (b"Bearer tsk_x", b"Bearer tsk_x"),
    ],
)
def test_the_user_name_of_basic_authentication_is_the_key(said, bears):
    assert as_bearer(said) == bears


def test_figures_have_the_names_of_their_survey_type():
    figures = {"mean": {"value": 4.5}, "index": {"value": 87.5}, "csat": {"value": 50.0}}
    found = metrics("csat", {"1": 0, "2": 0, "3": 1, "4": 0, "5": 1}, figures)
    assert (found["csat"], found["average"], found["very_satisfied_count"], found["neutral_percent"]) == (
        50,
        4.5,
        1,
        50.0,
    )
    assert metrics("stars", {"1": 0}, {"mean": None})["response_count"] == 0
