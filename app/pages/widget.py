"""The widget: one script for other people's pages, and what it asks of the service before it shows a question."""

import gzip
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic_core import to_json

from app.errors import Code, Problem
from app.fast_routes import problems
from app.ingest.routes import cors, from_page
from app.pages import builds
from app.pages.choices import DRAWINGS, choices, ends
from app.pages.i18n import Messages, direction, in_language, language_of, messages
from app.pages.render import conditional
from app.problems import response as problem_response
from app.touchpoints import ways
from app.touchpoints.registry import Known

router = APIRouter(tags=["widget"])
PATH = "/widget.v1.js"
_TEXTS = (
    "change", "close", "feedback", "not_sent", "next_try", "reasons", "refused",
    "saved", "send", "sent", "sent_thanks", "skip", "thanks", "try_now",
)  # fmt: skip
_DRAWN = ("chat", "check", "close", "cloud-off")


@cache
def zipped(build: bytes) -> bytes:
    """The build as most browsers fetch it."""
    return gzip.compress(build, 9, mtime=0)


@router.get("/widget.{version}.js", include_in_schema=False)
def read_script(request: Request, version: str) -> Response:
    """The widget: `v1` is the newest, for an hour; `v1.0` and so on never change. Any page may load them."""
    build = builds.newest() if version == "v1" else builds.kept().get(version)
    if build is None:
        raise Problem(Code.NOT_FOUND, f"There is no build {version} of the widget. The newest is {PATH}.")
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "public, max-age=3600" if version == "v1" else "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Accept-Encoding",
    }
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return conditional(request, build, "text/javascript; charset=utf-8", headers)
    headers["Content-Encoding"] = "gzip"
    return conditional(request, zipped(build), "text/javascript; charset=utf-8", headers)


def spoken(request: Request, known: Known) -> str:
    """The language of the question that suits the customer best."""
    return language_of(request, known.row.question, known.row.language)


def question(known: Known, language: str, t: Messages) -> dict[str, Any]:
    """What a customer is asked: the question, the scale in words, reasons and prompt, all in one language."""
    row, scale = known.row, known.scale
    low, high = ends(scale, t)

    def own(texts: Mapping[str, str]) -> str:
        return in_language(texts, language, row.language)

    return {
        "touchpoint": row.key,
        "language": language,
        "dir": direction(language),
        "question": own(row.question),
        "scale": scale.look,  # released builds know the first six, and draw every other scale as one of them
        "choices": choices(scale, t),
        "low": low,
        "high": high,
        "reasons": [{"key": reason["key"], "label": own(reason["label"])} for reason in row.reasons],
        "comment_prompt": own(row.comment_prompt) or t("comment"),
    }


@router.get("/v1/touchpoints/{key}/widget", responses=problems(403, 404, 410))
async def read_widget(request: Request, key: str, lang: str = "") -> Response:
    """What the widget shows, in `lang`, the browser's language, or the first that the touchpoint has."""
    try:
        known = await request.app.state.registry.get(key)
        if "origin" in request.headers:
            from_page(request, known)
        elif known.open.isdisjoint(ways.STRANGERS):
            known.reached(ways.WIDGET)
        known.taking()
    except Problem as problem:
        problem.headers["Access-Control-Allow-Origin"] = "*"  # so that the page's author reads why nothing shows
        return problem_response(problem, request)
    language = spoken(request, known)
    t = messages("customer", language)
    said = question(known, language, t)
    drawn = {*_DRAWN, *(choice["icon"] for choice in said["choices"] if choice["icon"])}
    said |= {
        "texts": {name: t.entries[name] for name in _TEXTS},
        "drawings": {name: DRAWINGS[name] for name in sorted(drawn)},
    }
    body = to_json(said)
    headers = cors(request.headers["origin"]) if "origin" in request.headers else {}
    headers |= {"Cache-Control": "public, max-age=60", "Vary": "Origin, Accept-Language", "Content-Language": language}
    return conditional(request, body, "application/json", headers)
