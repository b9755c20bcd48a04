"""What a press on a rating link does: it counts, or it is held until somebody confirms it."""

import asyncio

import pytest

from app.links.press import CONTRADICTION
from tests.links.conftest import path, press

SHOP = {"Origin": "https://shop.example"}
LATER = CONTRADICTION.total_seconds() + 1


async def test_one_press_counts_and_is_thanked_for(clock, mail, look, anybody, score):
    links = await mail()
    page = await look(links["urls"]["4"])
    assert (page.forms, page.buttons) == (1, [4, 1, 2, 3, 5])
    clock.pass_(seconds=3)
    thanks = await press(anybody, page, comment="The box was larger\r\nthan it had to be.")
    assert await score() == ({"4": 1}, {})
    assert "Thank you" in thanks.text and "Saved: 4, satisfied." in thanks.text
    assert "The box was larger\nthan it had to be." in thanks.text
    assert "16 March 2026" in thanks.text  # fourteen days


async def test_another_rating_is_one_press_too(clock, mail, look, anybody, score):
    page = await look((await mail())["urls"]["4"])
    clock.pass_(seconds=3)
    await press(anybody, page, 1)
    assert await score() == ({"1": 1}, {})


async def test_without_a_chosen_rating_all_are_offered(clock, mail, look, anybody, score):
    page = await look((await mail(scale="nps"))["url"])
    assert page.buttons == list(range(11))
    clock.pass_(seconds=3)
    await press(anybody, page, 0)
    assert await score() == ({"0": 1}, {})


async def test_a_double_click_is_one_answer(clock, mail, look, anybody, score):
    page = await look((await mail())["urls"]["5"])
    clock.pass_(seconds=2)
    both = await asyncio.gather(press(anybody, page), press(anybody, page))
    assert all("Thank you" in reply.text for reply in both)
    assert await score() == ({"5": 1}, {})


async def test_a_change_of_mind_on_the_thanks_is_no_contradiction(clock, mail, look, anybody, score):
    page = await look((await mail())["urls"]["4"])
    clock.pass_(seconds=3)
    thanks = await press(anybody, page)
    clock.pass_(seconds=3)
    again = await press(anybody, thanks, 2, "It came late.")
    assert "Thank you" in again.text and "It came late." in again.text
    clock.pass_(seconds=3)
    without = await press(anybody, again, 2, "")
    assert "It came late." not in without.text
    assert await score() == ({"2": 1}, {})


async def test_a_comment_can_be_added_afterwards(clock, mail, look, anybody, client):
    page = await look((await mail())["urls"]["4"])
    clock.pass_(seconds=3)
    thanks = await press(anybody, page)
    clock.pass_(minutes=5)
    await press(anybody, thanks, comment="Kind.")
    (stored,) = (await client.get("/v1/feedback")).json()["items"]
    assert (stored["rating"], stored["comment"], stored["source"], stored["flags"]) == (4, "Kind.", "email", [])


@pytest.mark.parametrize("lapse", ["fast", "no nonce", "another link's nonce", "a made-up nonce"])
async def test_a_doubtful_press_is_held_until_it_is_confirmed(clock, mail, look, anybody, score, lapse):
    page = await look((await mail())["urls"]["4"])
    clock.pass_(milliseconds=699 if lapse == "fast" else 5000)
    if lapse == "no nonce":
        del page.hidden["nonce"]
    elif lapse == "another link's nonce":
        page.hidden["nonce"] = (await look((await mail())["urls"]["4"])).hidden["nonce"]
    elif lapse == "a made-up nonce":
        page.hidden["nonce"] = page.hidden["nonce"][:-1] + "~"
    asked = await press(anybody, page, comment="As typed.")
    assert "Is 4 your answer?" in asked.text and asked.buttons == [4, 1, 2, 3, 5]
    assert await score() == ({}, {"unconfirmed": 1})
    clock.pass_(seconds=4)
    assert "As typed." in (await press(anybody, asked)).text
    assert await score() == ({"4": 1}, {})


async def test_a_hasty_confirmation_confirms_nothing(clock, mail, look, anybody, score):
    asked = await press(anybody, await look((await mail())["urls"]["4"]))
    again = await press(anybody, asked)
    assert "Is 4 your answer?" in again.text
    assert await score() == ({}, {"unconfirmed": 1})


async def test_whoever_follows_the_hidden_link_is_asked_again(clock, mail, look, anybody, score):
    links = await mail()
    page = await look(links["urls"]["4"])
    (hidden,) = [link for link in page.links if link.endswith("/more")]
    followed = await anybody.get(path(links["url"]).rpartition("/")[0] + "/" + hidden)
    assert (followed.status_code, followed.headers["location"]) == (303, f"../{page.url.rpartition('/')[2][:46]}")
    clock.pass_(seconds=60)
    assert "Is 4 your answer?" in (await press(anybody, page)).text
    clock.pass_(seconds=LATER)
    await press(anybody, page)
    assert await score() == ({"4": 1}, {})


async def test_a_browser_that_fetches_ahead_does_not_fall_into_the_trap(clock, mail, look, anybody, score):
    links = await mail()
    await anybody.get(path(links["url"]) + "/more", headers={"Sec-Purpose": "prefetch"})
    page = await look(links["urls"]["4"])
    clock.pass_(seconds=5)
    await press(anybody, page)
    assert await score() == ({"4": 1}, {})


async def test_many_links_pressed_from_one_network_at_once_are_held_from_the_fourth_on(
    clock, mail, look, anybody, score
):
    pages = [await look(links["urls"]["5"]) for links in await mail(recipients=[{}] * 6)]
    clock.pass_(seconds=5)
    for page in pages:
        await press(anybody, page)
        clock.pass_(milliseconds=100)
    assert await score() == ({"5": 3}, {"unconfirmed": 3})


async def test_a_person_may_let_a_held_answer_count(clock, mail, look, anybody, client, score):
    await press(anybody, await look((await mail())["urls"]["4"]))
    (held,) = (await client.get("/v1/feedback", params={"flag": "unconfirmed"})).json()["items"]
    await client.patch(f"/v1/feedback/{held['id']}", json={"flags": []})
    assert await score() == ({"4": 1}, {})


async def test_a_flag_that_a_person_set_outlives_a_press(clock, mail, look, anybody, client, score):
    page = await look((await mail())["urls"]["4"])
    clock.pass_(seconds=5)
    thanks = await press(anybody, page)
    (stored,) = (await client.get("/v1/feedback")).json()["items"]
    await client.patch(f"/v1/feedback/{stored['id']}", json={"flags": ["misuse"]})
    clock.pass_(seconds=5)
    await press(anybody, thanks, 5)
    assert await score() == ({}, {"misuse": 1})


async def test_an_erased_answer_does_not_come_back(clock, mail, look, anybody, client):
    page = await look((await mail())["urls"]["4"])
    clock.pass_(seconds=5)
    await press(anybody, page)
    (stored,) = (await client.get("/v1/feedback")).json()["items"]
    await client.delete(f"/v1/feedback/{stored['id']}")
    again = await anybody.post(path(page.url), data=page.fields())
    assert again.status_code == 410 and "was deleted" in again.text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422),
        ({"rating": "6"}, 422),
        ({"rating": "x"}, 422),
        ({"rating": ["1", "2"]}, 422),
        ({"rating": "004"}, 422),
    ],
)
async def test_a_press_that_says_nothing_usable_is_refused_in_words(clock, mail, look, anybody, score, fields, status):
    page = await look((await mail())["urls"]["4"])
    answer = await anybody.post(path(page.url), data={**page.hidden, **fields})
    assert answer.status_code == status
    assert "could not be read" in answer.text and answer.headers["content-type"].startswith("text/html")
    assert await score() == ({}, {})


async def test_respondent_context_and_language_come_with_the_answer(clock, mail, look, anybody, client):
    (links,) = await mail(recipients=[{"respondent": "c-17", "locale": "de-AT", "context": {"order": "48211"}}])
    page = await look(links["urls"]["4"])
    assert 'lang="de"' in page.text and "Diese Antwort senden" in page.text
    clock.pass_(seconds=5)
    await press(anybody, page)
    (stored,) = (await client.get("/v1/feedback")).json()["items"]
    assert (stored["respondent"], stored["locale"], stored["context"]) == ("c-17", "de", {"order": "48211"})


@pytest.mark.parametrize("held", [False, True])
async def test_nobody_without_its_link_changes_a_mails_answer(clock, mail, look, anybody, client, held):
    page = await look((await mail(key="checkout", touchpoint={"origins": [SHOP["Origin"]]}))["urls"]["4"])
    clock.pass_(milliseconds=100 if held else 5000)
    await press(anybody, page, comment="as written")
    (before,) = (await client.get("/v1/feedback")).json()["items"]
    assert before["flags"] == ["unconfirmed"] * held
    for who, headers in ((anybody, SHOP), (client, {})):
        body = {"rating": 1, "respondent": "somebody else", "id": before["id"]}
        assert (await who.post("/v1/touchpoints/checkout/feedback", json=body, headers=headers)).status_code == 409
    (after,) = (await client.get("/v1/feedback")).json()["items"]
    assert after == before


async def test_a_clock_that_was_a_day_ahead_holds_nobodys_press(clock, mail, look, anybody, score):
    """A page made and an answer pressed while it was, each pressed once more when it is right again."""
    clock.pass_(days=1)
    early = await look((await mail())["urls"]["4"])
    links = await mail()
    clock.pass_(seconds=3)
    await press(anybody, await look(links["urls"]["5"]))
    clock.pass_(days=-1, hours=1)
    assert "Thank you" in (await press(anybody, early)).text
    page = await look(links["urls"]["2"])
    clock.pass_(seconds=3)
    assert "Thank you" in (await press(anybody, page)).text
    counted, excluded = await score()
    assert excluded == {} and sum(counted.values()) == 2
