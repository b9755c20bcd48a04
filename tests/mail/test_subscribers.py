"""Nobody gets mails who has not confirmed, and whoever wants no more gets none."""

from app.mail.tokens import is_genuine, token
from tests.mail.conftest import ON_SQLITE, link, part

ANNA = "anna@lindhoej.example"


async def test_nobody_is_told_before_the_link_in_the_first_mail_was_pressed(client, anybody, send):
    made = await client.post("/v1/subscribers", json={"email": "Anna@Lindhoej.example", "language": "da"})
    assert made.status_code == 201 and made.json()["state"] == "pending" and made.json()["email"] == ANNA
    (mail,) = await send()
    assert mail["To"] == ANNA and mail["From"] == "Lindhøj <feedback@lindhoej.example>"
    assert "Bekræft" in mail["Subject"] and mail["Content-Language"] == "da"
    page = link(mail, "confirm")
    for _ in range(2):  # a scanner opens it too
        assert 'lang="da"' in (await anybody.get(page)).text
    assert (await anybody.head(page)).status_code == 200
    assert (await client.get("/v1/subscribers/1")).json()["state"] == "pending"
    for _ in range(2):
        assert (await anybody.post(page)).status_code == 200
    found = (await client.get("/v1/subscribers/1")).json()
    assert found["state"] == "confirmed" and found["digest_at"] and found["sent_at"] and found["problem"] is None


async def test_the_button_of_a_mail_program_ends_it_and_confirming_does_not_begin_it_again(
    client, anybody, send, subscribe
):
    await client.post("/v1/subscribers", json={"email": ANNA})
    (mail,) = await send()
    confirm, stop = link(mail, "confirm"), link(mail, "stop")
    await anybody.post(confirm)
    assert mail["List-Unsubscribe"] == f"<https://feedback.lindhoej.example/touch{stop}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<form" in (await anybody.get(stop)).text
    assert (await client.get("/v1/subscribers/1")).json()["state"] == "confirmed"
    for _ in range(2):
        pressed = await anybody.post(stop, data={"List-Unsubscribe": "One-Click"})
        assert pressed.status_code == 200 and "set-cookie" not in pressed.headers
    await anybody.post(confirm)
    found = (await client.get("/v1/subscribers/1")).json()
    assert found["state"] == "unsubscribed" and found["digest_at"] is None
    again = await client.post("/v1/subscribers", json={"email": ANNA, "language": "pl"})
    assert again.status_code == 201 and again.json()["id"] == 1 and again.json()["state"] == "pending"
    (mail,) = await send()
    assert mail["Content-Language"] == "pl"


@ON_SQLITE
async def test_a_link_that_was_cut_leads_to_a_page_that_says_so(anybody):
    for address in ("/mail/confirm/1.x", "/mail/stop/", "/mail/stop/99.abc", "/mail/stop/é.abc"):
        for answer in (await anybody.get(address), await anybody.post(address)):
            assert answer.status_code in (404, 405) and "Traceback" not in answer.text


async def test_the_link_of_one_does_nothing_for_another(client, anybody, send):
    for name in ("anna", "bo"):
        await client.post("/v1/subscribers", json={"email": f"{name}@lindhoej.example"})
    first, second = await send()
    confirm, stop = link(first, "confirm"), link(second, "stop")
    signed = confirm.rpartition(".")[2]
    number = stop.rpartition("/")[2].partition(".")[0]
    for forged in (f"/mail/stop/1.{signed}", f"/mail/confirm/{number}.{signed}"):
        assert (await anybody.post(forged)).status_code == 404
    states = [one["state"] for one in (await client.get("/v1/subscribers")).json()["items"]]
    assert states == ["pending", "pending"]


async def test_a_subscriber_is_changed_listed_and_deleted(client, make):
    await make("checkout")
    wanted = {"email": ANNA, "touchpoints": ["checkout"], "tags": ["stores"], "owner": "Anna", "digest": "daily"}
    made = (await client.post("/v1/subscribers", json={**wanted, "language": "de"})).json()
    assert made["timezone"] == "Europe/Berlin" and made["problem"] == "no mail server is set (TOUCHSTONE_SMTP_URL)"
    assert (await client.post("/v1/subscribers", json=wanted)).json()["code"] == "already_subscribed"
    assert (await client.post("/v1/subscribers", json={**wanted, "touchpoints": ["x"]})).status_code == 422
    change = {"touchpoints": [], "owner": None, "alerts": False, "timezone": "America/Lima"}
    changed = (await client.patch("/v1/subscribers/1", json=change)).json()
    assert changed == made | change and changed["tags"] == ["stores"]
    await client.post("/v1/subscribers", json={"email": "bo@lindhoej.example"})
    first = (await client.get("/v1/subscribers", params={"limit": 1})).json()
    rest = (await client.get("/v1/subscribers", params={"cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [1, 2] and rest["next_cursor"] is None
    assert (await client.delete("/v1/subscribers/1")).status_code == 204
    assert (await client.get("/v1/subscribers/1")).status_code == 404


@ON_SQLITE
async def test_what_is_no_address_is_refused(client):
    header = "a@c.de\r\nBcc: x@y.de"
    for address in ("a@b", "a b@c.de", header, "a@c.de,b@c.de", "<a@c.de>", "ä@c.de", "a" * 250 + "@c.de"):
        assert (await client.post("/v1/subscribers", json={"email": address})).status_code == 422, address


async def test_what_customers_wrote_is_quoted_only_for_those_whom_a_reader_added(client, anybody):
    made = await client.post("/v1/keys", json={"name": "x", "scopes": ["subscribers:write", "subscribers:read"]})
    headers = {"Authorization": f"Bearer {made.json()['key']}"}
    theirs = await anybody.post("/v1/subscribers", json={"email": ANNA}, headers=headers)
    assert theirs.json()["comments"] is False and theirs.json()["created_by"] == "x"
    assert (await client.post("/v1/subscribers", json={"email": "bo@lindhoej.example"})).json()["comments"] is True


def test_a_link_lives_on_when_the_secret_is_renewed_and_is_good_for_one_thing():
    old, new = b"the secret before", b"the secret now"
    link = token(old, "stop", 7, ANNA)
    assert is_genuine(link, [new, old], "stop", 7, ANNA) and not is_genuine(link, [new], "stop", 7, ANNA)
    assert not is_genuine(link, [old], "confirm", 7, ANNA) and not is_genuine(link, [old], "stop", 7, "bo@x.example")


@ON_SQLITE
async def test_the_first_mail_can_be_read_as_text_and_says_where_it_comes_from(client, send):
    await client.post("/v1/subscribers", json={"email": ANNA, "digest": "none"})
    (mail,) = await send()
    text = part(mail, "plain")
    assert "feedback.lindhoej.example" in text and "Monday" not in text and "touchpoint falls" in text
    assert mail["Message-ID"].endswith("@lindhoej.example>") and mail["Auto-Submitted"] == "auto-generated"
