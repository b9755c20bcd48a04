"""/r/{token}: what a mail's rating opens, and what a press on it does."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import Code, Place, Problem, unavailable
from app.fast_routes import FastRoute
from app.ingest import lenient
from app.ingest.channels import EMAIL, Answer
from app.ingest.guard import UNCONFIRMED
from app.ingest.routes import read_body, refusal, to_answer
from app.ingest.schemas import BODY_MAX, AnswerIn
from app.links.press import Press, doubts, is_held, mark, milliseconds, settle
from app.links.rating_page import RatingPage, end, spoken
from app.links.token import Link, Nonce, read, sign, verify
from app.logs import log
from app.touchpoints import ways
from app.touchpoints.registry import Known

router = APIRouter(prefix="/r", include_in_schema=False, route_class=FastRoute)
Handler = Callable[[Request, str], Awaitable[Response]]
FORM = ("application/x-www-form-urlencoded",)


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
    return RatingPage(request, link, known).landing(request.query_params.get("s", ""), _nonce(request, token, 0), token)


@router.api_route("/{token}/more", methods=["GET", "HEAD"])
@friendly
async def hidden(request: Request, token: str) -> Response:
    """Where the link leads that people cannot see: who follows it is a program, and presses nothing for a while.

    A browser that fetches ahead says so, and is not meant.
    """
    link, _ = await _open(request, token)
    if "prefetch" not in request.headers.get("sec-purpose", ""):
        request.app.state.recent_presses.follow(link.id, request.app.state.clock())
    return RedirectResponse(f"../{token}", 303)


@router.post("/{token}")
@friendly
async def press(request: Request, token: str) -> Response:
    """What was pressed: counted and thanked for, or held and asked again."""
    link, known = await _open(request, token)
    request.app.state.limiter.check(request, f"link {link.id}")
    form = _fields(await read_body(request, BODY_MAX, FORM))
    answer = _doubted(request, token, known, form.get("nonce", ""), _answer(request, link, known, form))
    (outcome,) = await request.app.state.writer.submit((answer,))
    if problem := refusal(outcome):
        raise problem
    drawn, nonce = RatingPage(request, link, known), _nonce(request, token, mark(outcome.answer))
    if is_held(outcome.answer) or outcome.answer.rating != answer.rating:
        log.info("press_held", extra={"touchpoint": known.key})
        return drawn.question(answer, nonce)
    return drawn.thanks(outcome.answer, nonce)


async def _open(request: Request, token: str) -> tuple[Link, Known]:
    """The link and its touchpoint; Problem link_invalid, link_expired, touchpoint_archived."""
    link = read(token, request.app.state.signing_keys)
    known = await request.app.state.registry.numbered(link.touchpoint_id)
    known = await request.app.state.registry.open(known.key, ways.LINK)
    if link.expires_at <= request.app.state.clock():
        raise Problem(Code.LINK_EXPIRED, f"This link ended at {link.expires_at.isoformat()}.")
    return link, known


def _nonce(request: Request, token: str, shown: int) -> str:
    """The nonce of a page made now that shows the answer with this mark."""
    state = request.app.state
    return sign(Nonce(milliseconds(state.clock()), shown), token, state.signing_keys)


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form, each given once, with a number as `rating`; Problem malformed_body or invalid_request."""
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Problem(Code.MALFORMED_BODY, "The body is not a form in UTF-8.") from None
    rating = "".join(found.get("rating", []))
    if any(len(values) > 1 for values in found.values()) or not rating.isdecimal() or len(rating) > 2:
        place = Place(place="body.rating", message="is missing or given twice", mend="Press one of the buttons.")
        raise Problem(Code.INVALID_REQUEST, "One rating is sent with each press.", errors=[place])
    return {name: values[0] for name, values in found.items()}


def _answer(request: Request, link: Link, known: Known, form: dict[str, str]) -> Answer:
    """What was pressed and written as an answer; Problem when it does not fit the touchpoint."""
    said = {
        "rating": int(form["rating"]),
        "comment": form.get("comment", "").replace("\r\n", "\n"),  # a browser counts a line end as one character
        "locale": spoken(request, link, known),
        "respondent": link.respondent,
        "context": link.context,
    }
    warnings: list[Place] = []
    answer = lenient.read(said, AnswerIn, warnings, person=True)
    return to_answer(known, answer, EMAIL, link.id, request.app.state.clock(), warnings)


def _doubted(request: Request, token: str, known: Known, form_nonce: str, answer: Answer) -> Answer:
    """The answer with what makes its press doubtful, and with how it meets one that is stored already."""
    state, at = request.app.state, answer.received_at
    nonce = verify(form_nonce, token, state.signing_keys)
    parent = nonce.parent if nonce else 0
    burst = state.recent_presses.burst(state.limiter.network(request, known.key), answer.id, at)
    trapped = state.recent_presses.trapped(answer.id, at)
    found = doubts(at, nonce.made if nonce else None, parent, trapped=trapped, burst=burst)
    if found:
        answer.flags = " ".join(sorted({*answer.flags.split(), UNCONFIRMED}))
    answer.pressed_at, answer.onto = at, settle(Press(at, found, parent))
    return answer


async def _end(request: Request, token: str, problem: Problem) -> Response:
    """The page that says what is wrong, with what is known of the link."""
    if problem.code in (Code.LINK_INVALID, Code.TOUCHPOINT_UNKNOWN, Code.DATABASE_UNAVAILABLE):
        return end(request, problem, None, None)
    link = read(token, request.app.state.signing_keys)
    return end(request, problem, link, await request.app.state.registry.numbered(link.touchpoint_id))
