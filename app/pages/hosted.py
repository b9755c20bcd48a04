"""The hosted page: /t/{key} behind a link, an SMS or a QR code. A plain form, or the widget in its place."""

import hmac
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import segno
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from app.errors import STATUS, Code, Place, Problem
from app.fast_routes import problems
from app.ids import first_of, uuid7
from app.ingest import lenient
from app.ingest.channels import LOCKS_AFTER, PAGE, Answer
from app.ingest.routes import from_anybody, from_page, refusal, to_answer
from app.ingest.schemas import COMMENT_MAX, TEXT_MAX, AnswerIn
from app.links.routes import base
from app.pages.choices import answer as in_words
from app.pages.choices import icon
from app.pages.i18n import Messages, in_language, messages
from app.pages.render import CUSTOMER, conditional, csp, page, static
from app.pages.widget import question, spoken
from app.sanitize import cleaned, xml_text
from app.touchpoints import ways
from app.touchpoints.registry import Known

router = APIRouter(tags=["pages"])
VISIT = timedelta(hours=1)  # longer than an answer may change
_UUID = "-".join(f"[0-9a-f]{{{length}}}" for length in (8, 4, 4, 4, 12))
_TOLD = {
    Code.RATE_LIMITED: "too_many",
    Code.EMPTY_FEEDBACK: "choose",
    Code.INVALID_REQUEST: "choose",
    Code.FEEDBACK_LOCKED: "locked",
}


def address(request: Request, key: str) -> str:
    """Where customers find a touchpoint's page."""
    return f"{base(request)}/t/{quote(key)}"


@router.get("/t/{key}", include_in_schema=False)
async def hosted(request: Request, key: str) -> Response:
    """The question. Nothing is written."""
    known: Known = await request.app.state.registry.open(key, ways.PAGE)
    number = _visit(request) or uuid7()
    secret = _secret(request, number)
    answer = _form(request, known, {"id": number, "secret": secret, "context": _said(request, known)})
    # Going back shows the page as it was, with its id, so that sending again changes that answer; a reload tells us it.
    answer.headers.update(
        {"Cache-Control": "private, no-cache", "ETag": f'"{number}.{secret}"', "Vary": "Accept-Language"}
    )
    return answer


def _said(request: Request, known: Known) -> dict[str, str]:
    """What the page's address says of the segments that browsers may say, as in `?store=nord`."""
    said = {key: request.query_params.get(key, "")[:TEXT_MAX] for key in known.row.open_segments}
    return {key: cleaned(value) for key, value in said.items() if value}


def _printed(request: Request, known: Known) -> dict[str, str]:
    """The same, to be printed: Problem invalid_request for what the page would ignore, as nobody mends a poster."""
    said, sayable = _said(request, known), ", ".join(known.row.open_segments) or "none"
    mend = f"Give a value of one of the touchpoint's `open_segments` ({sayable}), or leave it out."
    if lost := [name for name in request.query_params if name not in said]:
        places = [Place(place=f"query.{name}", message="would not be printed", mend=mend) for name in lost[:20]]
        raise Problem(Code.INVALID_REQUEST, "The page would not count all that this address says.", errors=places)
    return said


def _visit(request: Request) -> UUID | None:
    """The id that this page has had before it was reloaded, within the last hour; None for somebody who comes anew."""
    said = re.search(rf'"({_UUID})\.(\w+)"', request.headers.get("if-none-match", ""))
    if said is None or "max-age=0" not in request.headers.get("cache-control", ""):
        return None
    number = UUID(said[1])
    known = hmac.compare_digest(said[2].encode(), _secret(request, number).encode())
    return number if known and first_of(datetime.now(UTC) - VISIT) < number < uuid7() else None


def _secret(request: Request, number: UUID) -> str:
    """What only the browser knows that got the page with this id: without it the answer cannot be changed."""
    return hmac.new(request.app.state.secret, b"page " + number.bytes, "sha256").hexdigest()[:32]


@router.post("/t/{key}", include_in_schema=False)
async def hosted_answer(request: Request, key: str) -> Response:
    """Take the form's answer. Its id was made with the form, so sending it again changes that answer and adds none."""
    known: Known = await request.app.state.registry.open(key, ways.PAGE)
    given = _given(await request.form(max_files=0, max_fields=20))
    if given.pop("change", None):
        return _form(request, known, given)
    try:
        answer = await _store(request, known, given)
    except Problem as problem:
        return _form(request, known, given, problem)
    return _thanks(request, known, answer, given.get("secret"))


def _given(form: FormData) -> dict[str, Any]:
    """What the form says, as an answer has it. An empty comment is given, other empty fields are left out."""
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    said: dict[str, Any] = {name: value for name, value in given.items() if value or name == "comment"}
    if isinstance(said.get("comment"), str):
        said["comment"] = said["comment"].replace("\r\n", "\n")
    if str(said.get("rating", "")).isdecimal():
        said["rating"] = int(said["rating"])
    said["context"] = {name[8:]: said.pop(name) for name in list(said) if name.startswith("context.")}
    said["reasons"] = [value for value in form.getlist("reasons") if isinstance(value, str)]
    return said


async def _store(request: Request, known: Known, given: dict[str, Any]) -> Answer:
    if "origin" in request.headers:
        from_page(request, known)
    warnings: list[Place] = []
    said = lenient.read(given | {"locale": spoken(request, known)}, AnswerIn, warnings, person=True)
    answer = to_answer(known, said, PAGE, said.id, datetime.now(UTC), warnings)
    outcome = await from_anybody(request, known, answer)
    if problem := refusal(outcome):
        raise problem
    if outcome.status == "created" and not answer.flags:  # opening the form wrote nothing: who answers has been asked
        await request.app.state.asked.note(known, PAGE)
    return answer  # and not what is stored: who knows an answer's id must not learn what it says


def _form(request: Request, known: Known, given: dict[str, Any], problem: Problem | None = None) -> Response:
    language = spoken(request, known)
    t = messages("customer", language)
    context = _context(request, known, language) | {
        "question": question(known, language, t),
        "address": address(request, known.row.key),
        "image": base(request) + static("share.png"),
        "id": given.get("id") or uuid7(),
        "secret": given.get("secret"),
        "chosen": given.get("rating"),
        "ticked": given.get("reasons", ()),
        "comment": given.get("comment", ""),
        "around": given.get("context", {}),
        "problem": _told(problem, t) if problem else None,
    }
    answer = page(
        request,
        "hosted.html",
        context,
        language,
        policy=_policy(known),
        status=STATUS[problem.code] if problem else 200,
    )
    answer.headers.update(problem.headers if problem else {})
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _told(problem: Problem, t: Messages) -> str:
    """What is wrong, to the customer who sees the form again."""
    if any(place.place == "body.comment" for place in problem.errors):
        return t("too_long", n=COMMENT_MAX)
    return t(_TOLD.get(problem.code, "try_later"))


def _thanks(request: Request, known: Known, answer: Answer, secret: str | None) -> Response:
    language = spoken(request, known)
    scale, rating = known.scale, answer.rating
    context = _context(request, known, language) | {
        "answer": answer,
        "secret": secret,
        "said": None if rating is None else in_words(scale, rating, messages("customer", language)),
        "icon": None if rating is None else icon(scale, rating),
        "minutes": int(LOCKS_AFTER[PAGE].total_seconds() // 60),
    }
    return page(request, "hosted_thanks.html", context, language, policy=_policy(known))


def _policy(known: Known) -> str:
    """The page's policy: in no frame, but those of the sites that the touchpoint names."""
    return csp(frame_ancestors=" ".join(known.row.frame_origins)) if known.row.frame_origins else CUSTOMER


def _context(request: Request, known: Known, language: str) -> dict[str, Any]:
    return {"name": in_language(known.row.name, language, known.row.language), "offered": known.row.question}


@router.get(
    "/v1/touchpoints/{key}/qr.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **problems(404, 422)},
)
async def qr_code(request: Request, key: str) -> Response:
    """A QR code of the hosted page, to be printed on a receipt, a table or a parcel.

    With `?store=nord` for that store, where `open_segments` of the touchpoint has `store`.
    """
    known = (await request.app.state.registry.get(key)).reached(ways.PAGE)
    said = _printed(request, known)
    where = address(request, known.row.key) + (f"?{urlencode(said)}" if said else "")
    drawn = BytesIO()
    try:
        code = segno.make(where, error="m", micro=False)
    except segno.DataOverflowError:
        raise Problem(Code.INVALID_REQUEST, "This address is too long for a QR code. Shorten the values.") from None
    title = xml_text(in_language(known.row.name, "en"))
    code.save(drawn, kind="svg", scale=8, border=4, light="#fff", title=title)
    headers = {"Cache-Control": "public, max-age=300", "Content-Security-Policy": "default-src 'none'"}
    return conditional(request, drawn.getvalue(), "image/svg+xml", headers)
