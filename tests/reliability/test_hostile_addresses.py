"""Any path and any text in it: an answer of the 4xx kind and one line in the log, or the thing itself."""

import re
from collections.abc import Iterator
from urllib.parse import quote
from xml.etree import ElementTree

from tests.reliability.report import report
from tests.reliability.test_access import logged  # noqa: F401 - a fixture

PARTS = [
    "a%00b",
    "x" * 300,
    "x" * 5000,
    "%ff%fe",
    "%ed%a0%80",
    quote("\ufffe\uffff"),
    quote("\u202e\u200b"),
    "..%2f..%2fetc%2fpasswd",
    "..%5c..%5cwin.ini",
    "%0d%0aSet-Cookie:%20a=b",
    "%1b%5d0;title%07",
    "-1",
    "9" * 40,
    "%25s%25n",
    "{key}",
    "'%20OR%20'1'='1",
]
QUERIES = ["lang=%00", "since=%00", "next=%00%0d%0a", "q=%00", "cursor=%00", "s=%ff", "theme=%ed%a0%80", "period=%00"]


def paths(app) -> list[str]:
    """Every address that is read, pages and files included."""
    return sorted({"/{name}", *(re.sub(r":\w+}", "}", path) for path in _read(app.routes))})


def _read(routes) -> Iterator[str]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from _read(route.original_router.routes)
        elif "GET" in (route.methods or ()):
            yield route.path


async def test_no_path_and_no_query_makes_an_error_of_ours(app, client, make, logged):  # noqa: F811
    await make("x")
    wrong, tried = [], 0
    for path in paths(app):
        asked = [re.sub(r"{[^}]*}", part, path) for part in PARTS] if "{" in path else []
        asked += [f"{re.sub(r'{[^}]*}', 'x', path)}?{query}" for query in QUERIES]
        for address in asked:
            if address.startswith("/live"):
                continue
            tried += 1
            answer = await client.get(address)
            if answer.status_code >= 500:
                wrong.append(f"{answer.status_code} {address[:80]}")
    traces = logged.getvalue().count("Traceback")
    assert tried > 500
    figure = "; ".join([f"{len(wrong)} errors of ours, {traces} traces in the log, {tried} addresses", *wrong[:5]])
    report(f"hostile addresses, {app.state.db.dialect}", figure, "0, 0", holds=not wrong and not traces)


async def test_a_name_with_characters_that_xml_has_not_still_gives_a_picture(client, make):
    await make("odd", name="Shop \ufffe\uffff & <b>", public=True)
    for address in ("/v1/touchpoints/odd/badge.svg", "/v1/touchpoints/odd/qr.svg"):
        picture = await client.get(address)
        assert picture.status_code == 200
        text = "".join(ElementTree.fromstring(picture.text).itertext())
        assert "Shop \ufffd\ufffd & <b>" in text
