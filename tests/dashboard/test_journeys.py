"""A journey's form: what can be written down with it, by whom, and what stands beside a mistake."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.dashboard import journey_form
from app.dashboard.form_errors import beside
from app.dashboard.localized import Localized
from app.pages.i18n import messages
from app.touchpoints.catalogue import LANGUAGES
from app.touchpoints.schemas import TouchpointPatch
from tests.conftest import ADMIN_KEY, client_of
from tests.dashboard.forms import send
from tests.dashboard.test_actions import many

ORDER = {
    "name.en": "Order",
    "name.pl": "Zamówienie",
    "rule": "equal",
    "target.value": "72,5",
    "stages.0.name.en": "Buy",
    "stages.0.phase": "purchase",
    "stages.0.touchpoints": ["shop", "till"],
    "stages.1.name.en": "Ask",
    "stages.1.phase": "",
    "stages.1.touchpoints": ["hotline"],
}


@pytest.fixture
async def person(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody signed in with the admin key, in a company of three touchpoints."""
    async with client_of(app) as browser:
        await browser.post("/login", data={"key": ADMIN_KEY})
        yield browser


@pytest.fixture
async def company(make: Any) -> None:
    for key in ("shop", "till", "hotline"):
        await make(key, scale="thumbs")


async def _send(person: httpx.AsyncClient, path: str, fields: dict[str, Any], to: str = "") -> httpx.Response:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await person.get(path)).text)
    assert found
    return await person.post(to or path, data={"csrf": found[1], **fields})


@pytest.mark.usefixtures("company")
async def test_a_journey_is_written_down_and_named_by_its_name(
    person: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    assert "/journeys/new" in (await person.get("/journeys")).text
    answer = await _send(person, "/journeys/new", ORDER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/journeys")
    found = (await client.get("/v1/journeys/order")).json()
    assert found["name"] == {"en": "Order", "pl": "Zamówienie"}
    assert (found["rule"], found["target"]) == ("equal", {"value": 72.5, "by": None})
    assert [(stage["name"]["en"], stage["phase"], stage["touchpoints"]) for stage in found["stages"]] == [
        ("Buy", "purchase", ["shop", "till"]),
        ("Ask", None, ["hotline"]),
    ]


@pytest.mark.usefixtures("company")
async def test_a_journey_is_changed_with_everything_that_the_form_was_opened_on(
    person: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    await _send(person, "/journeys/new", ORDER)
    page = (await person.get("/journeys/order/edit")).text
    assert 'value="72.5"' in page and 'value="Zamówienie"' in page
    assert re.search(r'value="equal" checked', page)
    assert len(re.findall(r'name="stages.0.touchpoints" value="\w+" checked', page)) == 2
    fields = ORDER | {"target.value": "", "stages.1.name.en": "", "stages.1.touchpoints": []}
    assert (await _send(person, "/journeys/order/edit", fields)).status_code == 303
    found = (await client.get("/v1/journeys/order")).json()
    assert (found["target"], len(found["stages"])) == (None, 1)


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    ("change", "beside", "said"),
    [
        ({"name.en": "", "name.pl": ""}, "name", "This is needed."),
        ({"stages.1.name.en": ""}, "stages.1.name", "This is needed."),
        ({"target.value": "101"}, "target.value", "At most 100."),
        ({"target.value": "good"}, "target.value", "A number is needed here."),
        ({"target.value": "", "target.by": "2026-12-31"}, "target.value", "This is needed."),
        ({"key": "Order 1"}, "key", "Small letters, digits"),
        ({"name.en": "x" * 301}, "name", "At most 300 characters."),
        ({"stages.0.touchpoints": ["nowhere"]}, "stages.0.touchpoints", "There is no such touchpoint."),
    ],
)
async def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    person: httpx.AsyncClient, client: httpx.AsyncClient, change: dict[str, Any], beside: str, said: str
) -> None:
    answer = await _send(person, "/journeys/new", ORDER | change)
    assert answer.status_code == 422
    assert f'id="wrong-{beside}">{said}' in answer.text
    assert f'aria-describedby="wrong-{beside}"' in answer.text or "touchpoints" in beside
    assert 'value="Buy"' in answer.text and "1 field" not in answer.text and "one field below" in answer.text
    assert (await client.get("/v1/journeys")).json()["items"] == []


async def test_a_field_says_what_it_expects(person: httpx.AsyncClient) -> None:
    page = (await person.get("/journeys/new")).text
    assert 'maxlength="64" spellcheck="false" autocapitalize="none" placeholder="from the name"' in page
    assert "=&#34;" not in page, "an attribute whose quotes are text"


@pytest.mark.usefixtures("company")
async def test_a_key_that_is_taken_is_told_beside_it(person: httpx.AsyncClient) -> None:
    await _send(person, "/journeys/new", ORDER)
    answer = await _send(person, "/journeys/new?lang=de", ORDER, to="/journeys/new")
    assert answer.status_code == 422
    assert 'id="wrong-key">Dieser Schlüssel ist vergeben.' in answer.text


@pytest.mark.usefixtures("company")
async def test_stages_are_added_moved_and_removed_without_a_script_and_without_saving(
    person: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    moved = await _send(person, "/journeys/new", ORDER | {"step": "down.0"})
    assert moved.text.index('value="Ask"') < moved.text.index('value="Buy"')
    assert re.search(r'value="down.1" disabled autofocus|value="up.1" autofocus', moved.text)
    added = await _send(person, "/journeys/new", ORDER | {"step": "add"})
    assert re.search(r'name="stages.2.name.en" value="" [^>]*autofocus', added.text)
    removed = await _send(person, "/journeys/new", ORDER | {"step": "remove.1"})
    assert 'value="Ask"' not in removed.text and 'value="Buy"' in removed.text
    assert (await client.get("/v1/journeys")).json()["items"] == []


@pytest.mark.parametrize("step", ["up.0", "down.9", "remove.x", "remove.-1", "", "nothing"])
def test_a_step_that_leads_nowhere_changes_nothing(step: str) -> None:
    draft = journey_form.fresh()
    assert journey_form.stepped(draft, step)[0] == draft


@pytest.mark.usefixtures("company")
async def test_a_journey_is_deleted_and_its_touchpoints_stay(
    person: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    await _send(person, "/journeys/new", ORDER)
    answer = await _send(person, "/journeys/order/edit", {}, to="/journeys/order/delete")
    assert (answer.status_code, answer.headers["location"]) == (303, "/journeys")
    assert (await client.get("/v1/journeys/order")).status_code == 404
    assert (await client.get("/v1/touchpoints/shop")).status_code == 200


@pytest.mark.usefixtures("company")
async def test_a_key_that_only_reads_sees_journeys_and_no_form(
    app: FastAPI, client: httpx.AsyncClient, person: httpx.AsyncClient
) -> None:
    await _send(person, "/journeys/new", ORDER)
    made = await client.post("/v1/keys", json={"name": "Reader", "scopes": ["scores:read", "journeys:read"]})
    async with client_of(app) as reader:
        await reader.post("/login", data={"key": made.json()["key"]})
        page = (await reader.get("/journeys")).text
        assert "Order" in page and "/journeys/new" not in page and "/journeys/order/edit" not in page
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert token
        for path in ("/journeys/new", "/journeys/order/edit"):
            assert (await reader.get(path)).status_code == 403
            assert (await reader.post(path, data={"csrf": token[1], **ORDER})).status_code == 403
        assert (await reader.post("/journeys/order/delete", data={"csrf": token[1]})).status_code == 403
    assert (await client.get("/v1/journeys/order")).status_code == 200


@pytest.mark.usefixtures("company")
async def test_a_form_without_its_token_or_from_elsewhere_changes_nothing(
    person: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    assert (await person.post("/journeys/new", data=ORDER)).status_code == 403
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await person.get("/journeys/new")).text)
    assert token
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert (await person.post("/journeys/new", data={"csrf": token[1], **ORDER}, headers=cross)).status_code == 403
    assert (await client.get("/v1/journeys")).json()["items"] == []


@pytest.mark.usefixtures("company")
async def test_the_page_says_who_falls_behind_within_a_stage(
    person: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    await _send(person, "/journeys/new", ORDER)
    rated = [("shop", 1), ("till", 0), ("hotline", 1)]
    items = [{"touchpoint": key, "rating": rating} for key, rating in rated for _ in range(40)]
    await client.post("/v1/feedback/batch", json={"items": items})
    page = (await person.get("/journeys")).text
    assert "Till falls behind Shop, more than chance explains." in page
    assert "Every touchpoint weighs the same." in page
    assert "The target of 72.5 is not reached." in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mistake_is_told_in_the_readers_language(language: str) -> None:
    t = Localized(language, messages("dashboard", language).entries)
    body: dict[str, Any] = {
        "timezone": "Mars/Base",
        "origins": ["shop"],
        "tags": ["a b"],
        "importance": 9,
        "name": {"en": ""},
    }
    body |= {"target": {"metric": "index", "value": "x"}, "repeat_days": "x", "review_interval_days": "y"}
    with pytest.raises(ValueError) as caught:
        TouchpointPatch.model_validate(body)
    wrong = beside(caught.value, t)
    said = [wrong.at(name) for name in body]
    assert said == [
        t("wrong.timezone"),
        t("wrong.origins"),
        t("wrong.tags"),
        t("wrong.at_most", bound="5"),
        t("wrong.missing"),
        t("wrong.number"),
        t("wrong.number"),
        t("wrong.number"),
    ]


async def test_a_stage_finds_its_touchpoints_among_a_thousand(app, person, client):
    await many(app)
    page = (await person.get("/journeys/new")).text
    assert len(page.encode()) < 40_000 and 'value="p-7"' not in page and "There are 1,000 touchpoints" in page
    fields = {"name.en": "Order", "stages.0.name.en": "Buy", "stages.0.touchpoints": ["p-7"], "stages.1.name.en": "Get"}
    fields |= {"rule": "pooled", "stages.1.find": "anders", "stages.1.found": ""}
    for step in ({"step": "find.1"}, {}):  # its button, or Enter
        answer = await send(person, "/journeys/new", "/journeys/new", **fields, **step)
        page = answer.text
        assert answer.status_code == 200 and 'value="p-7" checked' in page
        assert page.count('name="stages.1.touchpoints"') == 60 and page.count('name="stages.0.touchpoints"') == 1
        assert page.count("autofocus") == 1 and re.search(r'name="stages.1.touchpoints" value="p-0" autofocus', page)
    fields |= {"stages.1.found": "anders", "stages.1.touchpoints": ["p-10"]}
    assert (await send(person, "/journeys/new", "/journeys/new", **fields)).status_code == 303
    stages = (await client.get("/v1/journeys/order")).json()["stages"]
    assert [stage["touchpoints"] for stage in stages] == [["p-7"], ["p-10"]]
