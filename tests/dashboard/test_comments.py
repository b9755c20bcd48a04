"""Comments are worked through: the unhappy first, one or several at once, and an action is made of one."""

import re

import pytest

from tests.dashboard.company import press, signed_in


async def shop(client, make):
    """Five comments; the ids by what they say."""
    await make("delivery", name="Delivery", scale="csat")
    await make("hotline", name="Hotline", scale="nps")
    said = [("delivery", 1, "In the rain"), ("hotline", 4, "Long music"), ("delivery", 5, "Lovely")]
    said += [("delivery", None, "Can I change the address?"), ("hotline", 0, "Nobody answered")]
    found = {}
    for key, rating, comment in said:
        body = {"comment": comment} | ({} if rating is None else {"rating": rating})
        answer = await client.post(f"/v1/touchpoints/{key}/feedback", json=body)
        assert answer.status_code == 201, answer.text
        found[comment] = f"{key}/{answer.json()['id']}"
    return found


def listed(page: str) -> list[str]:
    return re.findall(r'class="words"[^>]*>([^<]*)<', page)


async def test_new_ones_are_the_unhappy_first_and_several_are_handled_at_once(app, client, make):
    ids = await shop(client, make)
    person = await signed_in(app)
    page = (await person.get("/comments")).text
    assert listed(page) == ["Nobody answered", "In the rain", "Long music", "Can I change the address?"]
    assert "4 new comments to read" in page and '<span class="count">4</span>' in page
    both = [ids["Nobody answered"], ids["In the rain"]]
    await press(person, "/comments/handling", "/comments", id=both, state="done")
    assert listed((await person.get("/comments")).text) == ["Long music", "Can I change the address?"]
    hand = {"id": ids["Long music"], "state": "needs_reply", "owner": "Ewa", "note": "call back"}
    await press(person, "/comments/handling", f"/comments?open={ids['Long music']}", **hand)
    await press(person, "/comments/handling", "/comments", id=ids["Long music"], state="needs_reply")
    waiting = (await person.get(f"/comments?handling=needs_reply&open={ids['Long music']}")).text
    assert listed(waiting) == ["Long music"] and 'value="Ewa"' in waiting and 'value="call back"' in waiting
    assert len(listed((await person.get("/comments?handling=all")).text)) == 5
    assert listed((await person.get("/comments?q=lovely")).text) == ["Lovely"], (
        "who searches sees all, not the new ones"
    )
    assert listed((await person.get("/comments?handling=all&sort=oldest&touchpoint=hotline")).text)[0] == "Long music"
    await person.aclose()


async def test_an_action_begins_with_the_comment_it_is_made_of(app, client, make):
    ids = await shop(client, make)
    person = await signed_in(app)
    page = (await person.get(f"/comments?open={ids['In the rain']}")).text
    link = re.search(r'href="(/actions\?[^"]+)', page)
    assert link
    form = (await person.get(link[1].replace("&amp;", "&"))).text
    assert "“In the rain”</textarea>" in form and 'value="delivery" checked' in form
    await person.aclose()


@pytest.mark.parametrize(
    "fields", [{"state": "done"}, {"state": "nonsense", "id": "x/y"}, {"state": "done", "id": "x"}]
)
async def test_what_cannot_be_done_is_said_in_words(app, client, make, fields):
    await shop(client, make)
    person = await signed_in(app)
    answer = await press(person, "/comments/handling", "/comments", **fields)
    assert answer.status_code == 422 and "Choose between one and 100 comments" in answer.text
    assert (await person.get("/comments?open=nowhere/7&start=99999&sort=x&handling=x")).status_code == 200
    await person.aclose()
