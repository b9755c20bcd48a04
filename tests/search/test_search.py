"""One search finds touchpoints, comments, alerts and actions, each as far as the key may read it."""

from app.models import now
from app.monitoring import alerts
from app.monitoring.seen import Seen
from app.touchpoints.registry import by_key
from tests.conftest import client_of


async def counts(client, q, **asked):
    found = (await client.get("/v1/search", params={"q": q} | asked)).json()
    return {kind: part and part["count"] for kind, part in found.items() if kind != "q"}


async def company(app, client, make):
    """A touchpoint that fell, what was said of it, and what is done about it."""
    await make("delivery", name={"en": "Delivery", "de": "Lieferung"}, owner="Anders Holm", tags=["promise"])
    await make("shop", name="Shop")
    for comment in ("The delivery was late", "A late refund"):
        said = {"rating": 1, "comment": comment}
        assert (await client.post("/v1/touchpoints/delivery/feedback", json=said)).status_code == 201
    action = {"title": "Refund on the day", "touchpoints": ["shop"], "note": "asked for by Anders"}
    assert (await client.post("/v1/actions", json=action)).status_code == 201
    number = await app.state.db.read(lambda s: by_key(s, "delivery").id)
    fell = Seen(number, "drop", True, now(), {"level_before": 70.0, "level_after": 40.0})
    await app.state.db.write(lambda s: alerts.note(s, [fell], now()))


async def test_words_are_found_in_every_kind_however_they_are_spelled(app, client, make):
    await company(app, client, make)
    assert await counts(client, "DELIV") == {"touchpoints": 1, "comments": 1, "alerts": 1, "actions": 0}
    assert await counts(client, "lieferung") == {"touchpoints": 1, "comments": 0, "alerts": 1, "actions": 0}
    assert await counts(client, "refund") == {"touchpoints": 0, "comments": 1, "alerts": 0, "actions": 1}
    assert await counts(client, "anders") == {"touchpoints": 1, "comments": 0, "alerts": 1, "actions": 1}
    assert await counts(client, "late", limit=1) == {"touchpoints": 0, "comments": 2, "alerts": 0, "actions": 0}
    for nothing in ("%", "'; --", "late nowhere"):
        assert set((await counts(client, nothing)).values()) == {0}, nothing


async def test_what_a_key_may_not_read_is_not_counted(app, client, make):
    await company(app, client, make)
    made = await client.post("/v1/keys", json={"name": "x", "scopes": ["touchpoints:read", "actions:read"]})
    async with client_of(app, headers={"Authorization": f"Bearer {made.json()['key']}"}) as reader:
        assert await counts(reader, "late") == {"touchpoints": 0, "comments": None, "alerts": None, "actions": 0}
