"""/r/{token}: what a mail's rating opens, what a press on it does, and what it says when it leads nowhere any more."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import pydantic
from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import STATUS, Code, Place, Problem, invalid, unavailable
from app.ingest.channels import EMAIL, LOCKS_AFTER, Answer
from app.ingest.guard import UNCONFIRMED
from app.ingest.routes import read_body, refusal, to_answer
from app.ingest.schemas import BODY_MAX, COMMENT_MAX, AnswerIn
from app.links.press import Press, doubts, is_held, mark, milliseconds, settle
from app.links.token import Link, Nonce, read, sign, verify
from app.logs import log
from app.pages.i18n import Texts, in_language, language_of, texts
from app.pages.render import page
from app.pages.words import choices, ends
from app.raw import RawRoute
from app.touchpoints.registry import Known

router = APIRouter(prefix="/r", include_in_schema=False, route_class=RawRoute)
Handler = Callable[[Request, str], Awaitable[Response]]
FORM = ("application/x-www-form-urlencoded",)
# When a mailing goes out, scanners open hundreds of pages a second that differ in nonce and token only.
_NONCE, _TOKEN, _BLANKS_MAX = "\0nonce\0", "\0token\0", 1000
_BLANKS: dict[tuple[str, ...], Response] = {}


def friendly(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """People get a page in their language where programs that ask for JSON get a problem."""

    async def wrapped(request: Request) -> Response:
        token = request.path_params["token"]
        try:
            found = await handler(request, token)
        except (Problem, DBAPIError) as error:
            if "json" in request.headers.get("accept", ""):
                raise
            found = await _end(request, token, error if isinstance(error, Problem) else unavailable())
        found.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
        found.headers["X-Robots-Tag"] = "noindex, nofollow"
        return found

    return wrapped


@router.api_route("/{token}", methods=["GET", "HEAD"])
@friendly
async def landing(request: Request, token: str) -> Response:
    """The page with the rating preselected. Writes nothing, whoever asks."""
    link, known = await _open(request, token)
    blank = _blank(_Drawn(request, link, known), request.query_params.get("s", ""))
    nonce = sign(Nonce(milliseconds(request.app.state.clock())), token, request.app.state.ring)
    body = bytes(blank.body).replace(_NONCE.encode(), nonce.encode()).replace(_TOKEN.encode(), token.encode())
    return Response(body, headers={name: value for name, value in blank.headers.items() if name != "content-length"})


def _blank(drawn: "_Drawn", rating: str) -> Response:
    """The landing page but for nonce and token, drawn once."""
    chosen = drawn.choice(int(rating)) if rating.isascii() and rating.isdecimal() and len(rating) < 3 else None
    key = (*drawn.texts, drawn.language, rating if chosen else "")
    if key not in _BLANKS:
        if len(_BLANKS) >= _BLANKS_MAX:
            _BLANKS.clear()
        more = {"offered": drawn.known.row.question, "kept": f"s={rating}&" if chosen else "", "token": _TOKEN}
        _BLANKS[key] = drawn.page("link.html", _NONCE, chosen, **more)
    return _BLANKS[key]


@router.api_route("/{token}/more", methods=["GET", "HEAD"])
@friendly
async def hidden(request: Request, token: str) -> Response:
    """Where the link leads that people cannot see: who follows it is a program, and presses nothing for a while.

    A browser that fetches ahead says so, and is not meant.
    """
    link, _ = await _open(request, token)
    if "prefetch" not in request.headers.get("sec-purpose", ""):
        request.app.state.recent.follow(link.id, request.app.state.clock())
    return RedirectResponse(f"../{token}", 303)


@router.post("/{token}")
@friendly
async def press(request: Request, token: str) -> Response:
    """What was pressed: counted and thanked for, or held and asked again."""
    link, known = await _open(request, token)
    request.app.state.limiter.check(request, f"link {link.id}")
    form = _fields(await read_body(request, BODY_MAX, FORM))
    answer = _answer(request, token, link, known, form)
    (outcome,) = await request.app.state.writer.submit((answer,))
    if problem := refusal(outcome):
        raise problem
    return _reply(_Drawn(request, link, known), token, answer, outcome.answer)


async def _open(request: Request, token: str) -> tuple[Link, Known]:
    """The link and its touchpoint; Problem link_invalid, link_expired, touchpoint_archived."""
    link = read(token, request.app.state.ring)
    known = await request.app.state.registry.numbered(link.touchpoint_id)
    known = await request.app.state.registry.open(known.row.key)
    if link.expires_at <= request.app.state.clock():
        raise Problem(Code.LINK_EXPIRED, f"This link ended at {link.expires_at.isoformat()}.")
    return link, known


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form, each given once; Problem invalid_request."""
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Problem(Code.MALFORMED_BODY, "The body is not a form in UTF-8.") from None
    twice = [name for name, values in found.items() if len(values) > 1]
    if twice or not found.get("rating", [""])[0].isdecimal():
        place = Place(place="body.rating", message="is missing or given twice", mend="Press one of the buttons.")
        raise Problem(Code.INVALID_REQUEST, "One rating is sent with each press.", errors=[place])
    return {name: values[0] for name, values in found.items()}


def _answer(request: Request, token: str, link: Link, known: Known, form: dict[str, str]) -> Answer:
    """The press as an answer; Problem when rating or comment do not fit."""
    state, at = request.app.state, request.app.state.clock()
    said = {
        "rating": int(form["rating"][:3]),
        "comment": form.get("comment", "").replace("\r\n", "\n"),  # a browser counts a line end as one character
        "locale": _language(request, link, known),
        "respondent": link.respondent,
        "context": link.context,
    }
    try:
        answer = to_answer(known, AnswerIn.model_validate(said), EMAIL, link.id, at)
    except pydantic.ValidationError as error:
        raise invalid(error) from None
    nonce = verify(form.get("nonce", ""), token, state.ring)
    parent = nonce.parent if nonce else 0
    burst = state.recent.burst(state.limiter.network(request, known.row.key), link.id, at)
    found = doubts(at, nonce.made if nonce else None, parent, trapped=state.recent.trapped(link.id, at), burst=burst)
    if found:
        answer.flags = " ".join(sorted({*answer.flags.split(), UNCONFIRMED}))
    answer.pressed_at, answer.onto = at, settle(Press(at, found, parent))
    return answer


def _reply(drawn: "_Drawn", token: str, pressed: Answer, stored: Answer) -> Response:
    """Thanks for an answer that counts; otherwise the question whether a person meant it."""
    state = drawn.request.app.state
    nonce = sign(Nonce(milliseconds(state.clock()), mark(stored)), token, state.ring)
    if is_held(stored) or stored.rating != pressed.rating:
        log.info("press_held", extra={"touchpoint": drawn.known.row.key})
        chosen = drawn.choice(pressed.rating)
        said = drawn.said(chosen)
        return drawn.page("link_confirm.html", nonce, chosen, said=said, comment=pressed.comment or "")
    until = min(stored.received_at + LOCKS_AFTER[EMAIL], drawn.link.expires_at)
    more = {"comment": stored.comment or "", "until": drawn.date(until)}
    return drawn.page("link_thanks.html", nonce, drawn.choice(stored.rating), **more)


def _language(request: Request, link: Link, known: Known) -> str:
    """`?lang`, then the mail's language, then the browser's; one that the question is asked in."""
    if link.language in known.row.question and "lang" not in request.query_params:
        return link.language
    return language_of(request, known.row.question)


class _Drawn:
    """The pages of one link in one language."""

    def __init__(self, request: Request, link: Link, known: Known) -> None:
        self.request, self.link, self.known = request, link, known
        self.language = _language(request, link, known)
        self.t, self.c = texts("links", self.language), texts("customer", self.language)
        row = known.row
        own = (in_language(each, self.language) for each in (row.name, row.question, row.comment_prompt))
        self.texts = (*own, " ".join(row.question), known.scale.name)
        self.choices = choices(known.scale.name, self.c)

    def choice(self, rating: int | None) -> dict[str, Any] | None:
        return next((choice for choice in self.choices if choice["value"] == rating), None)

    def said(self, choice: dict[str, Any] | None) -> str:
        """A rating inside a question: the number where people say numbers, else the word in quotation marks."""
        assert choice is not None, "a rating off the scale was refused before"
        return self.t("quoted", word=choice["word"]) if self._worded else str(choice["value"])

    def date(self, at: datetime) -> str:
        return day(at.astimezone(self.known.zone), self.t)

    @property
    def _worded(self) -> bool:
        return self.known.scale.name in ("smiley", "thumbs")

    def page(self, template: str, nonce: str, chosen: dict[str, Any] | None, **more: Any) -> Response:
        scale, (name, question, prompt, *_) = self.known.scale, self.texts
        counted = chosen and scale.name in ("csat", "stars", "ces")
        context = {
            "name": name,
            "question": question,
            "prompt": prompt,
            "c": self.c,
            "scale": scale.name,
            "choices": self.choices,
            "chosen": chosen,
            "of": self.c("rating_of", rating=chosen["value"], high=scale.high) if chosen and counted else "",
            "worded": self._worded,
            "ends": ends(scale.name, self.c) if scale.name in ("nps", "ces") else None,
            "nonce": nonce,
            "offered": (),
        }
        return page(self.request, template, context | more, self.language, area="links")


def day(at: datetime, t: Texts) -> str:
    """A date as people write it: "6 December 2026"."""
    return t("date", day=at.day, month=t(f"month_{at.month}"), year=at.year)


_ENDS = {
    Code.LINK_INVALID: "not_whole",
    Code.TOUCHPOINT_UNKNOWN: "not_whole",
    Code.LINK_EXPIRED: "expired",
    Code.TOUCHPOINT_ARCHIVED: "archived",
    Code.FEEDBACK_LOCKED: "locked",
    Code.FEEDBACK_ERASED: "erased",
    Code.RATE_LIMITED: "busy",
    Code.OVERLOADED: "busy",
    Code.DATABASE_UNAVAILABLE: "busy",
}


async def _end(request: Request, token: str, problem: Problem) -> Response:
    """The page for a link that leads nowhere, or a press that could not be taken."""
    link = known = None
    if problem.code not in (Code.LINK_INVALID, Code.TOUCHPOINT_UNKNOWN, Code.DATABASE_UNAVAILABLE):
        link = read(token, request.app.state.ring)
        known = await request.app.state.registry.numbered(link.touchpoint_id)
    language = _language(request, link, known) if link and known else language_of(request)
    t, message = texts("links", language), _ENDS.get(problem.code, "unreadable")
    values = {"date": day(link.expires_at.astimezone(known.zone), t)} if link and known else {}
    context = {
        "name": in_language(known.row.name, language) if known else "",
        "title": t(f"{message}_title"),
        "why": t(message, n=COMMENT_MAX, **values),
        "page": f"/t/{known.row.key}" if known and problem.code == Code.LINK_EXPIRED else None,
        "offered": known.row.question if known and request.method != "POST" else (),
    }
    found = page(request, "link_end.html", context, language, area="links", status=STATUS[problem.code])
    found.headers.update(problem.headers)
    return found
