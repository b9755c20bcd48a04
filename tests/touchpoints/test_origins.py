"""Apps, extensions, addresses and any name may be listed as people write them, and match what browsers send."""

import pytest

from app.touchpoints.origins import allowed, normal

LISTED = [  # as people write it, and what a browser then sends
    ("https://shop.example", "https://shop.example"),
    ("HTTPS://Shop.Example/", "https://shop.example"),
    ("https://shop.example:443", "https://shop.example"),
    ("http://shop.example:80", "http://shop.example"),
    ("https://shop.example:8443", "https://shop.example:8443"),
    ("http://[::1]:3000", "http://[::1]:3000"),
    ("http://[0:0:0:0:0:0:0:1]:80", "http://[::1]"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
    ("https://Straße.example", "https://xn--strae-oqa.example"),
    ("https://*.bücher.example", "https://shop.xn--bcher-kva.example"),
    ("https://*.shop.example", "https://a.b.shop.example"),
    ("https://例え.example:443", "https://xn--r8jz45g.example"),
    ("capacitor://localhost", "capacitor://localhost"),
    ("ionic://localhost", "ionic://localhost"),
    ("ionic://", "ionic://localhost"),
    (
        "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai",
        "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai",
    ),
    (
        "safari-web-extension://E24F3F8C-5E0A-4D0B-8E0C-6A2C1B7E2A11",
        "safari-web-extension://e24f3f8c-5e0a-4d0b-8e0c-6a2c1b7e2a11",
    ),
    ("*", "https://anywhere.example"),
]


@pytest.mark.parametrize(("written", "sent"), LISTED)
async def test_what_is_listed_matches_what_a_browser_sends(client, anybody, make, written, sent):
    await make("shop", origins=[written])
    answer = await anybody.post("/v1/touchpoints/shop/feedback", json={"rating": 5}, headers={"Origin": sent})
    assert (answer.status_code, answer.json().get("source")) == (201, "web")
    assert answer.headers["access-control-allow-origin"] == sent


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("https://shop.example", "http://shop.example"),
        ("https://shop.example", "https://shop.example:8443"),
        ("https://shop.example", "https://shop.example.evil.example"),
        ("https://*.shop.example", "https://evilshop.example"),
        ("https://*.shop.example", "https://shop.example"),
        ("capacitor://localhost", "ionic://localhost"),
        ("capacitor://localhost", "capacitor://localhost.evil"),
        ("chrome-extension://abc", "chrome-extension://abcd"),
        ("http://[::1]:3000", "http://[::1]"),
        ("ionic://", "ionicx://localhost"),
    ],
)
def test_nothing_else_matches(listed, sent):
    assert not allowed(sent, [normal(listed)])


def test_what_was_stored_before_matches_too():
    assert allowed("https://shop.example", ["https://shop.example:443"])


WRONG = ("shop.example", "https://", "https://*", "https://a@b.example", "https://a.example/path", "http://[::1", "")
WRONG += ("://x", "https://a b.example", "https://-ü-.example", "https://*.[::1]")


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_origin_is_refused(wrong):
    with pytest.raises(ValueError, match=r"origin|host"):
        normal(wrong)
