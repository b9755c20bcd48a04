"""What is done at touchpoints is written down, found again, and changed; what cannot be is refused."""

from datetime import UTC, datetime, timedelta

import pytest

NOW = datetime.now(UTC)
STATES = ("planned", "running", "finished", "dropped")


def at(days):
    return (NOW + timedelta(days=days)).isoformat()


@pytest.fixture
async def act(client, make):
    """await act(started_at=...): an action at `shop`."""
    await make("shop", scale="csat")
    await make("invoice", scale="nps")

    async def _act(**fields):
        return await client.post("/v1/actions", json={"title": "More staff", "touchpoints": ["shop"], **fields})

    return _act


@pytest.mark.parametrize(
    ("dates", "state"),
    [
        ({}, "planned"),
        ({"planned_for": "2026-01-31"}, "planned"),
        ({"started_at": at(3)}, "planned"),
        ({"started_at": at(-3)}, "running"),
        ({"started_at": at(-3), "finished_at": at(3)}, "running"),
        ({"started_at": "2026-01-02", "finished_at": "2026-01-02"}, "finished"),
        ({"state": "finished"}, "finished"),
        ({"started_at": at(3), "state": "running"}, "running"),
        ({"started_at": at(-3), "finished_at": at(-1), "state": "dropped"}, "dropped"),
        ({"started_at": at(-3), "finished_at": at(-1), "state": "planned"}, "planned"),
    ],
)
async def test_the_state_follows_from_the_dates_and_can_be_set(client, act, dates, state):
    made = await act(**dates)
    assert made.status_code == 201 and made.json()["state"] == state, made.text
    assert [one["state"] for one in (await client.get(f"/v1/actions?state={state}")).json()["items"]] == [state]
    lists = [(await client.get(f"/v1/actions?state={name}")).json()["items"] for name in STATES]
    assert sum(map(len, lists)) == 1


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"touchpoints": []}, "body.touchpoints"),
        ({"touchpoints": [f"t{n}" for n in range(101)]}, "body.touchpoints"),
        ({"touchpoints": ["shop", "nowhere"]}, "body.touchpoints.1"),
        ({"touchpoints": ["shop", "shop"]}, "body.touchpoints"),
        ({"compare_with": ["shop"]}, "body.compare_with.0"),
        ({"started_at": at(-1), "finished_at": at(-2)}, "body.finished_at"),
        ({"finished_at": at(-2)}, "body.started_at"),
        ({"metric": "nps"}, "body.metric"),
        ({"started_at": 1}, "body.started_at"),
        ({"title": " "}, "body.title"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_place(act, fields, place):
    answer = await act(**fields)
    assert answer.status_code == 422 and place in answer.text, answer.text


async def test_actions_are_found_by_touchpoint_and_owner_page_by_page(client, act):
    for number in range(5):
        await act(touchpoints=[("shop", "invoice")[number % 2]], owner=("Ann", "Bo")[number % 2], note=f"{number}")
    first = (await client.get("/v1/actions?touchpoint=shop&owner=Ann&limit=2")).json()
    rest = (await client.get(f"/v1/actions?touchpoint=shop&limit=2&cursor={first['next_cursor']}")).json()
    assert [one["note"] for one in first["items"] + rest["items"]] == ["4", "2", "0"] and rest["next_cursor"] is None
    assert (await client.get("/v1/actions?touchpoint=sho")).json()["items"] == []
    assert (await client.get("/v1/actions?cursor=eyJ4IjoxfQ")).status_code == 422


async def test_an_action_is_changed_and_deleted(client, act):
    where = f"/v1/actions/{(await act(owner='Ann', started_at=at(-3))).json()['id']}"
    done = await client.patch(where, json={"state": "finished", "owner": None})
    assert done.json()["state"] == "finished" and done.json()["owner"] is None and done.json()["finished_at"]
    assert (await client.patch(where, json={"touchpoints": []})).status_code == 422
    assert (await client.patch(where, json={"title": None})).status_code == 422
    assert (await client.patch(where, json={"finished_at": at(-9)})).status_code == 422
    assert (await client.get(where)).json() == done.json()
    assert (await client.delete(where)).status_code == 204
    assert (await client.get(where)).status_code == 404 == (await client.get("/v1/actions/99999999999")).status_code


async def test_actions_need_their_scopes(client, act, anybody):
    key = (await client.post("/v1/keys", json={"name": "reader", "scopes": ["actions:read"]})).json()["key"]
    headers = {"Authorization": f"Bearer {key}"}
    made = (await act()).json()["id"]
    assert (await anybody.get(f"/v1/actions/{made}", headers=headers)).status_code == 200
    assert (await anybody.delete(f"/v1/actions/{made}", headers=headers)).status_code == 403
    assert (await anybody.get("/v1/actions")).status_code == 401
