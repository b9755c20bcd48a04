"""What a public touchpoint shows to anybody: JSON-LD, a badge, and a snippet that shows them on a page."""

import html
import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime

import pytest

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store
from app.pages.badge import filled, grouped, shown
from app.scores.formulas import Estimate
from app.touchpoints.scales import SCALES

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def hear(app):
    """await hear("shop", {5: 10}): so many ratings, the first of each with a comment."""

    async def _hear(key, ratings):
        known = await app.state.registry.get(key)
        at = datetime(2026, 6, 1, 12, tzinfo=UTC)
        rows = []
        for rating, times in ratings.items():
            for n in range(times):
                given = (known.id, uuid7(), rating, None if n else "good", "", "web", "", None, None, None, at, at)
                rows.append(Answer(*given, zone=known.zone))
        await app.state.db.write(lambda session: store(session, rows))

    return _hear


async def badge(anybody, key="shop", **query):
    answer = await anybody.get(f"/v1/touchpoints/{key}/badge.svg", params=query)
    assert answer.status_code == 200, answer.text
    return ElementTree.fromstring(answer.text)


def words(svg):
    return " ".join("".join(text.itertext()) for text in svg.iter(f"{SVG}text"))


async def test_the_rating_of_a_public_touchpoint_is_json_ld_for_anybody(anybody, make, hear):
    await make("shop", scale="stars", public=True, name={"en": "Shop", "de": "Laden"})
    await hear("shop", {5: 8, 2: 2})
    answer = await anybody.get("/v1/touchpoints/shop/aggregate-rating?lang=de", headers={"Origin": "https://x.example"})
    assert answer.headers["content-type"] == "application/ld+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.json() == {
        "@context": "https://schema.org",
        "@type": "AggregateRating",
        "itemReviewed": {"@type": "Service", "name": "Laden"},
        "ratingValue": 4.4,
        "bestRating": 5,
        "worstRating": 1,
        "ratingCount": 10,
        "reviewCount": 2,
    }
    again = await anybody.get(
        "/v1/touchpoints/shop/aggregate-rating?lang=de", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_without_ratings_nothing_is_said_to_search_engines(anybody, make, hear):
    await make("brand", scale="nps", public=True)
    answer = await anybody.get("/v1/touchpoints/brand/aggregate-rating")
    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, "application/ld+json", {})
    await hear("brand", {0: 1})
    found = (await anybody.get("/v1/touchpoints/brand/aggregate-rating")).json()
    assert (found["ratingCount"], found["ratingValue"], found["worstRating"], found["bestRating"]) == (1, 0, 0, 10)


async def test_what_is_reviewed_can_be_what_search_engines_take(anybody, client, make, hear):
    await make("lamp", scale="stars", public=True, name="Lamp page", reviewed={"type": "Product", "name": "Lamp 3"})
    await hear("lamp", {5: 1})

    async def reviewed():
        return (await anybody.get("/v1/touchpoints/lamp/aggregate-rating")).json()["itemReviewed"]

    assert await reviewed() == {"@type": "Product", "name": "Lamp 3"}
    for said, found in (
        ({"type": "LocalBusiness"}, {"@type": "LocalBusiness", "name": "Lamp page"}),
        (None, {"@type": "Service", "name": "Lamp page"}),
    ):
        changed = await client.patch("/v1/touchpoints/lamp", json={"reviewed": said})
        assert changed.status_code == 200
        assert await reviewed() == found
    refused = await client.patch("/v1/touchpoints/lamp", json={"reviewed": {"type": "Invoice"}})
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "body.reviewed.type")


@pytest.mark.parametrize("what", ["aggregate-rating", "badge.svg", "embed"])
async def test_what_is_not_public_is_not_shown(anybody, client, make, what):
    await make("secret")
    hidden = await client.get(f"/v1/touchpoints/secret/{what}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "touchpoint_not_public")
    unknown = await client.get(f"/v1/touchpoints/nowhere/{what}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "touchpoint_unknown")
    if what != "embed":
        assert (await anybody.get(f"/v1/touchpoints/secret/{what}")).headers["access-control-allow-origin"] == "*"


async def test_the_badge_says_in_words_what_it_shows(anybody, make, hear):
    await make("shop", scale="stars", public=True, name={"en": "Shop & <Café>", "pl": "Sklep"})
    await hear("shop", {4: 1200, 5: 300})
    svg = await badge(anybody)
    assert svg.get("role") == "img"
    assert svg.find(f"{SVG}title").text == "Shop & <Café>: 4.2 of 5, 1,500 ratings"
    assert svg.get("aria-labelledby") == svg.find(f"{SVG}title").get("id")
    assert words(svg) == "4.2/51,500 ratings"
    polish = await badge(anybody, lang="pl-PL")
    assert polish.find(f"{SVG}title").text == "Sklep: 4,2 na 5, 1\u00a0500 ocen"
    assert (await badge(anybody, lang="da")).find(f"{SVG}title").text.endswith("4,2 af 5, 1.500 bedømmelser")


async def test_a_badge_without_ratings_says_so(anybody, make):
    await make("shop", public=True)
    assert words(await badge(anybody)) == "No ratings yet"
    assert words(await badge(anybody, lang="de")) == "Noch keine Bewertungen"


async def test_a_badge_follows_the_theme_and_runs_nothing(anybody, make):
    await make("shop", public=True)
    url = "/v1/touchpoints/shop/badge.svg"
    automatic, light, dark = [(await anybody.get(url, params={"theme": t})).text for t in ("auto", "light", "dark")]
    assert "prefers-color-scheme" in automatic and "prefers-color-scheme" not in light + dark
    assert "#12171d" in dark and "#12171d" not in light
    answer = await anybody.get(url)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "script" not in answer.text and "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")
    assert (await anybody.get(f"{url}?theme=pink")).status_code == 422


async def test_the_snippet_shows_the_badge_and_names_the_page(client, anybody, make):
    await make("shop", public=True, name={"en": 'The "Shop"'})
    found = (await client.get("/v1/touchpoints/shop/embed?lang=de&theme=light")).json()
    picture = re.search(r'<img src="([^"]+)"', found["image"])[1].replace("&amp;", "&")
    assert picture == "http://touchstone.test/v1/touchpoints/shop/badge.svg?lang=de&theme=light"
    assert (await anybody.get(picture)).status_code == 200
    assert 'href="http://touchstone.test/t/shop"' in found["image"]
    assert 'alt="Kundenbewertungen: The &quot;Shop&quot;"' in found["image"]
    assert (await anybody.get(re.search(r'fetch\("([^"]+)"', found["json_ld"])[1])).status_code == 200
    assert (await anybody.get("/v1/touchpoints/shop/embed")).status_code == 401


async def test_the_snippet_of_a_store_shows_that_store_and_leads_to_its_page(client, anybody, make):
    await make("shop", scale="stars", public=True, segments=["store", "plan"], open_segments=["store"])
    for where, rating in (('Süd & "West"', 1), ("Nord", 5), ("Nord", 5)):
        context = {"context": {"store": where}}
        await client.post("/v1/touchpoints/shop/feedback", json={"rating": rating} | context)
    said = {"segment": 'store:Süd & "West"'}
    found = (await client.get("/v1/touchpoints/shop/embed", params=said)).json()
    picture = html.unescape(re.search(r'<img src="([^"]+)"', found["image"])[1])
    assert "1.0 of 5, 1 rating" in (await anybody.get(picture)).text
    rating = await anybody.get(re.search(r'fetch\("([^"]+)"', found["json_ld"])[1])
    assert (rating.json()["ratingValue"], rating.json()["ratingCount"]) == (1, 1)
    page = await anybody.get(html.unescape(re.search(r'href="([^"]+)"', found["image"])[1]))
    assert 'name="context.store" value="Süd &amp; &#34;West&#34;"' in page.text
    refused = await client.get("/v1/touchpoints/shop/embed", params={"segment": "plan:pro"})
    assert refused.status_code == 422 and "open_segments" in refused.text


@pytest.mark.browser
def test_a_page_that_holds_the_snippet_has_the_rating_for_search_engines(live_server, site, tab):
    """A page of another origin: the badge is drawn and the JSON-LD stands in the head."""
    live_server.make("shop", scale="stars", public=True)
    live_server.api("POST", "/v1/touchpoints/shop/feedback", json={"rating": 4})
    found = live_server.api("GET", "/v1/touchpoints/shop/embed")
    tab.goto(site.page("/", f"<!doctype html><title>Shop</title>{found['json_ld']}{found['image']}"))
    said = tab.locator("script[type='application/ld+json']").text_content()
    assert json.loads(said)["ratingCount"] == 1
    badge = tab.get_by_role("img", name="Customer ratings: Shop")
    assert badge.evaluate("image => image.decode().then(() => image.naturalWidth)") > 150


@pytest.mark.parametrize(
    ("scale", "mean", "language", "text", "reach"),
    [
        ("stars", 3.5, "en", "3.5/5", 10 + 3 * 20 + 9),
        ("stars", 5, "de", "5,0/5", 10 + 5 * 20),
        ("nps", 8.44, "da", "8,4/10", 10 + 4 * 20 + 0.22 * 18),
        ("thumbs", 0.8, "en", "80%", 10 + 4 * 20),
        ("thumbs", 0.8, "pl", "80\u00a0%", 10 + 4 * 20),
        ("smiley", 1, "en", "1.0/4", 10 + 20 + 4.5),
    ],
)
def test_stars_are_filled_as_far_as_the_mean_reaches(scale, mean, language, text, reach):
    estimate = Estimate(mean, mean, mean)
    assert shown(SCALES[scale], estimate, language) == text
    assert filled(SCALES[scale], estimate) == pytest.approx(reach, abs=0.06)


def test_thousands_are_set_apart_as_each_language_does():
    assert [grouped(12345, language) for language in ("en", "de", "da", "pl")] == [
        "12,345",
        "12.345",
        "12.345",
        "12\u00a0345",
    ]
