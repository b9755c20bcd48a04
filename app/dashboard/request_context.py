"""The request of somebody signed in: who, in which language, and how the page is answered."""

import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.auth import Caller
from app.dashboard import charts, places, session, waiting
from app.dashboard.ended_sessions import is_ended
from app.dashboard.localized import Localized, texts
from app.dashboard.waiting import NOTHING, Waiting
from app.errors import STATUS, Code, Problem
from app.pages.i18n import best, language_of
from app.pages.render import DASHBOARD, page
from app.scores.buckets import to_time

LANGUAGE_COOKIE = "touchstone_language"
_FORM_MAX = 200_000


class NotSignedIn(Exception):
    """Nobody is signed in."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A request of somebody signed in."""

    request: Request
    caller: Caller
    cookie: str
    words: Localized
    waiting: Waiting = NOTHING

    def may(self, scope: str) -> bool:
        return self.caller.may(scope)

    def may_all(self, scopes: Iterable[str]) -> bool:
        return all(map(self.may, scopes))

    def need(self, scope: str) -> None:
        """Problem scope_missing unless the key behind this session has `scope`."""
        if not self.caller.may(scope):
            raise Problem(Code.SCOPE_MISSING, str(self.words("scope_missing", scope=scope)))

    def link(self, path: str | None = None, **changes: str | None) -> str:
        """This page's address with some parameters changed (None takes one away); another page's, with its period."""
        query = dict(self.request.query_params)
        query.pop("lang", None)
        if path is not None:
            query = {name: value for name, value in query.items() if name == "period"}
        query = {name: value for name, value in (query | changes).items() if value}
        return f"{path or self.path}{'?' + urlencode(query) if query else ''}"

    @property
    def path(self) -> str:
        """This page's path; of one that answers a form the nearest above the form's that can be opened."""
        path = self.request.url.path
        while self.request.method == "POST" and not _is_opened(self.request, path):
            path = path.rpartition("/")[0] or "/"
        return path

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """The template as this visitor's answer."""
        token = session.form_token(self.request.app.state.secret, self.cookie)
        return _answer(self.request, template, status, self.words, {"visit": self, "csrf": token, **context})

    @property
    def initials(self) -> str:
        """One or two letters for the account's button."""
        return "".join(word[0] for word in self.caller.name.split()[:2]).upper() or "?"

    @property
    def places(self) -> list[places.Place]:
        """The places of the bar that this key may open."""
        return places.of(self.caller.may)

    @property
    def setup(self) -> list[str]:
        """The pages of the set-up that this key may open."""
        return [path for path, scope in places.SETUP.items() if self.caller.may(scope)]

    @property
    def here(self) -> str:
        """The place of the bar in which this page stands."""
        return places.here(self.request.url.path)


def localized_for(request: Request) -> Localized:
    """The texts in the language asked for by `?lang`, by the one chosen before, or by the browser."""
    chosen = [request.query_params.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, "")]
    language = best([tag for tag in chosen if tag] or [language_of(request)], ("en", "de", "da", "pl"))
    return Localized(language, texts(language))


def _answer(request: Request, template: str, status: int, words: Localized, context: Mapping[str, Any]) -> Response:
    said = {"t": words, "charts": charts, "moment": to_time, "now": time.time(), "utc": UTC, **context}
    name = f"dashboard/{template}"
    answer = page(request, name, said, words.language, area="dashboard", policy=DASHBOARD, status=status)
    if request.query_params.get("lang"):
        answer.set_cookie(LANGUAGE_COOKIE, words.language, max_age=31_536_000, httponly=True, samesite="lax")
    return answer


def anonymous(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page for somebody who is not signed in."""
    return _answer(request, template, status, localized_for(request), {"visit": None, **context})


async def visit(request: Request) -> RequestContext:
    """The visit of whoever is signed in; SignInFirst otherwise, and from the moment the key is revoked."""
    cookie = request.cookies.get(session.COOKIE)
    state = request.app.state
    subject = session.verify(state.secret, cookie)
    caller = await state.keys.by_subject(subject) if subject else None
    if cookie is None or caller is None or await state.db.glance(lambda s: is_ended(s, cookie)):
        raise NotSignedIn
    return RequestContext(request, caller, cookie, localized_for(request))


async def with_counts(request: Request) -> RequestContext:
    """The visit, with what the bar counts."""
    who = await visit(request)
    return replace(who, waiting=await waiting.of(request.app.state, who.may))


async def form_of(request: Request) -> dict[str, list[str]]:
    """The fields of a posted HTML form with all their values; Problem origin_not_allowed, body_too_large."""
    if not session.from_here(request.headers, request.headers.get("host", "")):
        raise Problem(Code.ORIGIN_NOT_ALLOWED, "This form was sent from another site.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_MAX:
            raise Problem(Code.BODY_TOO_LARGE, "This form is too large.")
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


@dataclass(frozen=True, slots=True)
class Posting:
    """A form that somebody signed in sent from one of our pages."""

    visit: RequestContext
    fields: Mapping[str, list[str]]

    def get(self, name: str) -> str:
        """A field's first value without blanks around it; empty when it was not sent."""
        return self.fields.get(name, [""])[0].strip()

    def all(self, name: str) -> list[str]:
        return self.fields.get(name, [])


async def posted(request: Request) -> Posting:
    """The form, with its session's token; Problem origin_not_allowed when it came from elsewhere."""
    who = await with_counts(request)
    waiting.forget(request.app.state)
    found = Posting(who, await form_of(request))
    if not session.is_token(request.app.state.secret, who.cookie, found.get("csrf")):
        raise Problem(Code.ORIGIN_NOT_ALLOWED, str(who.words("form_expired")))
    return found


class PageRoute(APIRoute):
    """Errors of a page are pages: without a session the sign-in, with one a page that says what went wrong."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await answer(request)
            except NotSignedIn:
                return _to_sign_in(request)
            except Problem as problem:
                return await _said(request, problem)

        return handler


def _is_opened(request: Request, path: str) -> bool:
    """Whether a GET of this path is answered with a page."""
    pages = (route for route in request.app.routes if isinstance(route, PageRoute) and "GET" in (route.methods or ()))
    return any(page.path_regex.match(path) for page in pages)


def _to_sign_in(request: Request) -> Response:
    back = request.url.path + ("?" + request.url.query if request.url.query else "")
    where = {"next": back} if request.method == "GET" and back != "/" else {}
    return RedirectResponse(f"/login{'?' + urlencode(where) if where else ''}", 303)


async def _said(request: Request, problem: Problem) -> Response:
    try:
        who = await with_counts(request)
    except NotSignedIn:
        return anonymous(request, "problem.html", STATUS[problem.code], problem=problem)
    return who.page("problem.html", STATUS[problem.code], problem=problem)


Signed = Depends(with_counts)
Posted = Depends(posted)
