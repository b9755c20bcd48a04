"""Hostile text is stored as it is, or refused with its place, and does nothing anywhere it comes out."""

import csv
import io
import json

from app.sanitize import cleaned
from tests.reliability.report import report
from tests.reliability.test_access import logged  # noqa: F401 - a fixture

MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><iframe src=javascript:alert(1)>',
    "'-alert(1)-'",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{display:none}</style>",
    "<!--",
    "]]>",
    "<![CDATA[x",
    "{{7*7}}",
    "{% raw %}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "&lt;b&gt;",
    "&#x3C;script&#x3E;",
    "<b onmouseover=alert(1)>hover",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<math><mtext></p><style><img src onerror=alert(1)>",
    "<base href=//evil.example>",
    "<form action=//evil.example>",
    "<meta http-equiv=refresh content=0>",
]
FORMULAS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|'/c calc'!A1", '=HYPERLINK("http://evil.example","x")', "\t=1+1"),
    *(
        "\n=1+1",
        "\r=1+1",
        " =1+1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(A1)",
        '"=1+1',
        "'=1+1",
        ";=1+1",
        ",=1+1",
        "|=1+1",
        "%0A=1+1",
    ),
]
INJECTIONS = [
    *(
        "'; DROP TABLE feedback; --",
        "' OR '1'='1",
        '" OR ""="',
        "1; SELECT pg_sleep(9)",
        "\\'; --",
        "%s %d %n",
        "{0.__class__}",
    ),
    *(
        "$(reboot)",
        "`reboot`",
        "; reboot",
        "| reboot",
        "../../etc/passwd",
        "\\\\server\\share",
        "${jndi:ldap://x}",
        "$.id",
        "*",
    ),
    *('"}],"flags":["', "null", "NaN", "true", "__proto__", "level=error event=x", "2026-01-01 error forged line"),
]
UNICODE = [
    *(
        "\u202eevil\u202c",
        "\u2066x\u2069",
        "a\u200bb\u200cc\u200dd",
        "\ufeffbom",
        "\u2028line\u2029paragraph",
        "e\u0301" * 50,
    ),
    *(
        "👩\u200d👩\u200d👧",
        "𝕬𝖉𝖒𝖎𝖓",
        "аdmin",
        "\U0010ffff",
        "\ufffe\uffff",
        "ﷺ" * 100,
        "ı İ ß ſ",
        "\u00a0",
        "漢字",
        "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    ),
]
LONG = ["x" * 4000, "x" * 4001, "x" * 20_000, "x" * 1_000_000, "\n" * 3999 + "x", "😀" * 4000]
CONTROL = [
    "a\x00b",
    "a\x07b",
    "\x1b[2J\x1b[31mred",
    "a\x08\x08b",
    "a\x7fb",
    "a\x85b",
    "a\x9bb",
    "first\r\nX-Injected: 1",
]
PAYLOADS = [*MARKUP, *FORMULAS, *INJECTIONS, *UNICODE, *LONG, *CONTROL]
SURROGATES = [rb'"\ud800"', rb'"a\udfffb"', rb'"\ud83d"', b'"\xff\xfe"', b'"\xc0\xaf"', b'"\xed\xa0\x80"']


def formulas(table: str) -> list[str]:
    """Cells that a spreadsheet would run."""
    cells = [cell for row in list(csv.reader(io.StringIO(table)))[1:] for cell in row]
    return [
        cell
        for cell in cells
        if cell[:1] in ("=", "+", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠") or cell[:2] == "-1"
    ]


async def test_hostile_text_is_inert(client, make, logged, database_url):  # noqa: F811
    await make("shop")
    before, stored, calls = len(logged.getvalue().splitlines()), {}, 0
    for payload in PAYLOADS:
        for body in (
            {"comment": payload},
            {"comment": "x", "respondent": payload},
            {"comment": "x", "context": {payload: payload}},
        ):
            answer = await client.post("/v1/touchpoints/shop/feedback", json={"rating": 1} | body)
            calls += 1
            assert answer.status_code in (201, 413, 422), (payload[:50], answer.status_code, answer.text[:300])
            assert answer.headers["content-type"] in ("application/json", "application/problem+json")
            assert answer.headers["x-content-type-options"] == "nosniff"
            if answer.status_code == 201 and len(body) == 1:
                kept = cleaned(payload).strip() or None
                assert answer.json()["comment"] == kept and bool(answer.json()["warnings"]) == (
                    cleaned(payload) != payload
                )
                stored[answer.json()["id"]] = kept
    for raw in SURROGATES:
        for body in (
            b'{"rating":1,"comment":%s}' % raw,
            b'{"rating":1,%s:1}' % raw,
            b'{"rating":1,"context":{%s:%s}}' % (raw, raw),
        ):
            for path in ("/v1/touchpoints/shop/feedback", "/v1/touchpoints"):
                answer = await client.post(path, content=body, headers={"Content-Type": "application/json"})
                calls += 1
                assert answer.status_code in (400, 422), (raw, path, answer.status_code)
    read = [(await client.get(f"/v1/feedback/{number}")).json()["comment"] for number in stored]
    assert read == list(stored.values()) and len(stored) > 80
    for query in ("\x00", "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"), "' OR 1=1", "%", "*" * 400):
        for name in ("touchpoint", "respondent", "cursor", "q"):
            answer = await client.get("/v1/feedback", params={name: query})
            assert answer.status_code in (200, 404, 422), (name, query, answer.text[:200])
            calls += 1
    lines = logged.getvalue().splitlines()[before:]
    requests = [line for line in map(json.loads, lines) if line["event"] == "request"]
    assert len(requests) == len(lines) == calls + len(read), "a line of the log is not one request"
    table = (await client.get("/v1/feedback/export", params={"format": "csv"})).text
    live = formulas(table)
    report(
        f"hostile texts, {database_url[:8]}",
        f"{len(PAYLOADS) + len(SURROGATES)} texts, {len(live)} live formulas",
        "0 live",
        holds=not live,
    )


def test_the_check_sees_a_live_formula():
    assert formulas('comment\r\n"=1+1"\r\n"\t=1"\r\n"\'=1+1"\r\n') == ["=1+1", "\t=1"]
