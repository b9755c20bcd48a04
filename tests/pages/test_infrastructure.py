"""Messages, languages and static files."""

import base64
import hashlib
import re
from pathlib import Path
from string import Formatter
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from app.pages import builds, i18n, render, widget
from app.pages.choices import answer, choices, label
from app.touchpoints.catalogue import LANGUAGES
from app.touchpoints.scales import SCALES

CUSTOMERS = ("customer", "links", "kiosk", "badge")
AREAS = (*CUSTOMERS, *sorted(path.stem for path in (Path(i18n.__file__).parent / "messages").glob("*.json")))


def _placeholders(entry: i18n.Entry) -> set[str]:
    text = entry if isinstance(entry, str) else " ".join(entry.values())
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _forms(language: str) -> set[str]:
    """The plural forms that whole numbers have in a language."""
    return {i18n.plural(language, n) for n in (*range(1000), 10**6)}


def lacking(language: str, entries: dict[str, i18n.Entry], english: dict[str, i18n.Entry]) -> list[str]:
    """What keeps a language's messages from standing in for the English ones: ids, placeholders, forms, empty texts."""
    both = entries.keys() & english.keys()
    return sorted(entries.keys() ^ english.keys()) + [
        name for name in both if not _stands_in(entries[name], english[name], _forms(language))
    ]


def _stands_in(entry: i18n.Entry, english: i18n.Entry, forms: set[str]) -> bool:
    counted = forms if isinstance(english, dict) else set()
    there = set(entry) if isinstance(entry, dict) else set()
    right = counted <= there <= counted | {"other"} if counted else not there  # fractions may have a form of their own
    texts = entry.values() if isinstance(entry, dict) else [entry]
    return (
        right and _placeholders(entry) == _placeholders(english) and all(text.strip() == text != "" for text in texts)
    )


@pytest.mark.parametrize("area", AREAS)
def test_all_languages_have_the_same_messages_and_placeholders(area: str) -> None:
    messages = i18n.area(area)
    assert tuple(messages) == (i18n.SPOKEN if area in CUSTOMERS else LANGUAGES)
    assert {language: lacking(language, entries, messages["en"]) for language, entries in messages.items()} == {
        language: [] for language in messages
    }


def test_what_a_new_language_lacks_is_named() -> None:
    english = i18n.area("customer")["en"]
    swedish = english | {"saved": "Sparat.", "send": "", "stars": {"one": "{n} stjärna"}, "more": "Mer"}
    del swedish["skip"]
    assert sorted(lacking("sv", swedish, english)) == ["more", "saved", "send", "skip", "stars"]


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 gwiazdka"), (2, "2 gwiazdki"), (5, "5 gwiazdek"), (12, "12 gwiazdek"), (22, "22 gwiazdki")]
)
def test_polish_counts_in_three_forms(n: int, said: str) -> None:
    assert i18n.messages("customer", "pl")("stars", n=n) == said


@pytest.mark.parametrize(
    ("n", "said"), [(1, "نجمة واحدة"), (2, "نجمتان"), (3, "3 نجوم"), (11, "11 نجمة"), (100, "100 نجمة")]
)
def test_arabic_counts_in_six_forms(n: int, said: str) -> None:
    assert i18n.messages("customer", "ar")("stars", n=n) == said


@pytest.mark.parametrize(
    ("language", "direction", "name", "territory", "send"),
    [
        ("ar", "rtl", "العربية", "ar_EG", "إرسال"),
        ("fr-CA", "ltr", "Français (Canada)", "fr_CA", "Envoyer"),
        ("he", "rtl", "עברית", "he_IL", "Send"),
        ("en", "ltr", "English", "en_GB", "Send"),
        ("tlh", "ltr", "tlh", "tlh", "Send"),
    ],
)
def test_any_language_has_a_name_a_direction_and_the_nearest_words(
    language: str, direction: str, name: str, territory: str, send: str
) -> None:
    said = (i18n.direction(language), i18n.name_of(language), i18n.territory(language))
    assert said == (direction, name, territory)
    assert i18n.messages("customer", language)("send") == send
    assert [i18n.direction(f"{language}-{script}") for script in ("Arab", "Latn")] == ["rtl", "ltr"]


def _asking(query: str = "", accept: str = "") -> Request:
    headers = [(b"accept-language", accept.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


@pytest.mark.parametrize(
    ("query", "accept", "offered", "language"),
    [
        ("lang=da", "de", LANGUAGES, "da"),
        ("lang=xx", "fr-FR, pl;q=0.8, de;q=0.9", LANGUAGES, "de"),
        ("", "de-AT", LANGUAGES, "de"),
        ("", "fr", LANGUAGES, "en"),
        ("", "de-AT, en", ("en", "de", "de-AT"), "de-AT"),
        ("", "de-CH, en", ("en", "de", "de-AT"), "de"),
        ("", "pt, en", ("en", "pt-BR"), "pt-BR"),
        ("lang=ZH_hant_tw", "", ("en", "zh-Hant"), "zh-Hant"),
        ("", "fi", ("nl", "fr"), "nl"),
        ("", "en;q=0, da;q=oops", ("de",), "de"),
        ("lang=en", "en", ("pl", "de"), "de"),
    ],
)
def test_language_is_asked_for_or_accepted_or_offered(
    query: str, accept: str, offered: tuple[str, ...], language: str
) -> None:
    assert i18n.language_of(_asking(query, accept), offered) == language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scale", SCALES)
def test_every_rating_has_its_own_words(scale: str, language: str) -> None:
    found = choices(SCALES[scale], i18n.messages("customer", language))
    assert [choice["value"] for choice in found] == list(SCALES[scale].ratings)
    assert len({choice["label"] for choice in found}) == len(found)


def test_ratings_read_well_in_a_sentence() -> None:
    t = i18n.messages("customer", "en")
    assert answer(SCALES["csat"], 4, t) == "4, satisfied"
    assert answer(SCALES["nps"], 9, t) == "9 of 10"
    assert answer(SCALES["smiley"], 4, t) == "very good"
    assert label(SCALES["stars"], 1, t) == "1 star, poor"


async def test_static_files_are_kept_for_a_year_under_their_hash(anybody: httpx.AsyncClient) -> None:
    address = render.static("tokens.css")
    found = await anybody.get(address)
    assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert found.headers["content-type"] == "text/css; charset=utf-8"
    again = await anybody.get(address, headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    old = await anybody.get("/static/000000000000/tokens.css")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("path", ["nothing.css", "..%2Frender.py", "%2e%2e/render.py", ""])
async def test_nothing_else_is_served_as_static(anybody: httpx.AsyncClient, path: str) -> None:
    found = await anybody.get(f"/static/000000000000/{path}")
    assert (found.status_code, found.headers["content-type"]) == (404, "application/problem+json")


def test_no_template_has_anything_inline() -> None:
    for path in (Path(render.__file__).parent / "templates").rglob("*.html"):
        source = path.read_text(encoding="utf-8")
        if path.name.startswith("mail"):
            continue  # mail programs drop style sheets; mails are never served as a page of ours
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=", source), path.name


async def test_any_page_may_load_the_widget_and_check_its_hash(anybody: httpx.AsyncClient) -> None:
    plain = await anybody.get(widget.PATH, headers={"Accept-Encoding": "identity"})
    assert plain.headers["cache-control"] == "public, max-age=3600"
    assert plain.headers["access-control-allow-origin"] == "*"
    zipped = await anybody.get(widget.PATH, headers={"Accept-Encoding": "gzip"})
    assert (zipped.headers["content-encoding"], zipped.content) == ("gzip", plain.content)
    again = await anybody.get(widget.PATH, headers={"If-None-Match": zipped.headers["etag"], "Accept-Encoding": "gzip"})
    assert again.status_code == 304


@pytest.mark.usefixtures("npm")
def test_the_newest_kept_build_is_what_the_sources_make() -> None:
    assert builds.newest() == builds.made(), "the widget changed: keep it with `touchstone widget --keep`"


async def test_each_kept_build_is_served_for_ever_under_the_hash_it_had(anybody: httpx.AsyncClient) -> None:
    files = {path.name for path in builds.KEPT.glob("*.js")}
    assert files == {f"widget.{version}.js" for version in builds.record()}
    for version, recorded in builds.record().items():
        found = await anybody.get(f"/widget.{version}.js", headers={"Origin": "https://shop.example"})
        digest = base64.b64encode(hashlib.sha384(found.content).digest()).decode()
        assert recorded == f"sha384-{digest}", f"{version} is not what pages have pinned"
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert found.headers["access-control-allow-origin"] == "*"
        assert found.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("version", ["v1.999", "v2", "v1.0.0", "..%2Fintegrity", "v01.0"])
async def test_a_build_that_was_never_kept_is_not_found(anybody: httpx.AsyncClient, version: str) -> None:
    found = await anybody.get(f"/widget.{version}.js")
    assert (found.status_code, found.json()["code"]) == (404, "not_found")


async def test_what_the_widget_shows_is_for_the_touchpoints_pages(anybody: httpx.AsyncClient, make: Any) -> None:
    await make("checkout", scale="ces", origins=["https://shop.example"], question={"de": "Es war einfach."})
    address = "/v1/touchpoints/checkout/widget?lang=en"
    found = await anybody.get(address, headers={"Origin": "https://shop.example"})
    said = found.json()
    assert (said["language"], said["question"], said["low"]) == ("de", "Es war einfach.", "Stimme überhaupt nicht zu")
    assert found.headers["access-control-allow-origin"] == "https://shop.example"
    same = {"Origin": "https://shop.example", "If-None-Match": found.headers["etag"]}
    assert (await anybody.get(address, headers=same)).status_code == 304
    other = await anybody.get(address, headers={"Origin": "https://elsewhere.example"})
    assert (other.status_code, other.json()["code"]) == (403, "origin_not_allowed")
