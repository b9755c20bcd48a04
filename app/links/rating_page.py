"""The pages of a rating link, in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.errors import STATUS, Code, Problem
from app.ingest.channels import EMAIL, LOCKS_AFTER, Answer
from app.ingest.schemas import COMMENT_MAX
from app.links.token import Link
from app.pages.choices import choices, ends, is_numbered
from app.pages.i18n import SPOKEN, Messages, in_language, language_of, messages
from app.pages.render import page
from app.touchpoints.registry import Known
from app.touchpoints.scales import Scale

Choice = Mapping[str, Any]
# When a mailing goes out, scanners open hundreds of pages a second that differ in nonce and token only.
_NONCE, _TOKEN, _BLANKS_MAX = "\0nonce\0", "\0token\0", 1000
_BLANKS: dict[tuple[Scale | str, ...], Response] = {}


def spoken(request: Request, link: Link, known: Known) -> str:
    """`?lang`, then the mail's language, then the browser's; one that the question is asked in."""
    return language_of(request, known.row.question, known.row.language, link.language)


class RatingPage:
    """The pages of one link in one language. Each form carries a nonce, and the rating that its big button sends."""

    def __init__(self, request: Request, link: Link, known: Known) -> None:
        self._request, self._link, self._known = request, link, known
        self._language = spoken(request, link, known)
        self._t, self._c = messages("links", self._language), messages("customer", self._language)
        self._scale = known.scale
        self._worded = not is_numbered(known.scale)
        self._choices = choices(self._scale, self._c)

    def landing(self, chosen: str, nonce: str, token: str) -> Response:
        """What the mail opens, with the rating `chosen` (any text) preselected when it is on the scale."""
        row = self._known.row
        choice = next((each for each in self._choices if str(each["value"]) == chosen), None)
        rating = chosen if choice else ""
        own = (self._own(row.name), self._own(row.question), self._own(row.comment_prompt), " ".join(row.question))
        key = (self._scale, self._language, rating, *own)
        if key not in _BLANKS:
            if len(_BLANKS) >= _BLANKS_MAX:
                _BLANKS.clear()
            more = {"offered": row.question, "kept": f"s={rating}&" if rating else "", "token": _TOKEN}
            _BLANKS[key] = self._page("link.html", _NONCE, choice, **more)
        blank = _BLANKS[key]
        body = bytes(blank.body).replace(_NONCE.encode(), nonce.encode()).replace(_TOKEN.encode(), token.encode())
        return Response(body, headers={name: said for name, said in blank.headers.items() if name != "content-length"})

    def thanks(self, stored: Answer, nonce: str) -> Response:
        """The answer counts; it can be changed here until it locks or the link ends."""
        until = min(stored.received_at + LOCKS_AFTER[EMAIL], self._link.expires_at).astimezone(self._known.zone)
        more = {"comment": stored.comment or "", "until": day(until, self._t)}
        return self._page("link_thanks.html", nonce, self._choice(stored.rating), **more)

    def question(self, pressed: Answer, nonce: str) -> Response:
        """Whether a person meant it. What was written is kept in the form."""
        choice = self._choice(pressed.rating)
        said = self._t("quoted", word=choice["word"]) if self._worded else str(choice["value"])
        return self._page("link_confirm.html", nonce, choice, said=said, comment=pressed.comment or "")

    def _choice(self, rating: int | None) -> Choice:
        return next(choice for choice in self._choices if choice["value"] == rating)

    def _own(self, by_language: Mapping[str, str]) -> str:
        return in_language(by_language, self._language, self._known.row.language)

    def _page(self, template: str, nonce: str, chosen: Choice | None, **more: Any) -> Response:
        row, scale = self._known.row, self._scale
        counted = chosen and scale.worded and is_numbered(scale)
        context = {
            "name": self._own(row.name),
            "question": self._own(row.question),
            "prompt": self._own(row.comment_prompt),
            "c": self._c,
            "look": f"{scale.look} n{len(scale.ratings)}",
            "choices": self._choices,
            "chosen": chosen,
            "of": self._c("rating_of", rating=chosen["value"], high=scale.high) if chosen and counted else "",
            "worded": self._worded,
            "ends": ends(scale, self._c) if scale.look in ("nps", "ces") and is_numbered(scale) else None,
            "nonce": nonce,
            "offered": (),
        }
        return page(self._request, template, context | more, self._language, area="links")


def day(at: datetime, t: Messages) -> str:
    """A date as people write it: "6 December 2026"."""
    return t("date", day=at.day, month=t(f"month_{at.month}"), year=at.year)


_ENDS = {
    Code.LINK_INVALID: "not_whole",
    Code.TOUCHPOINT_UNKNOWN: "not_whole",
    Code.LINK_EXPIRED: "expired",
    Code.TOUCHPOINT_ARCHIVED: "archived",
    Code.TOUCHPOINT_CLOSED: "archived",
    Code.FEEDBACK_LOCKED: "locked",
    Code.FEEDBACK_ERASED: "erased",
    Code.RATE_LIMITED: "busy",
    Code.OVERLOADED: "busy",
    Code.DATABASE_UNAVAILABLE: "busy",
}


def end(request: Request, problem: Problem, link: Link | None, known: Known | None) -> Response:
    """The page for a link that leads nowhere any more, or a press that could not be taken."""
    language = spoken(request, link, known) if link and known else language_of(request, SPOKEN)
    t, message = messages("links", language), _ENDS.get(problem.code, "unreadable")
    values = {"date": day(link.expires_at.astimezone(known.zone), t)} if link and known else {}
    context = {
        "name": in_language(known.row.name, language, known.row.language) if known else "",
        "title": t(f"{message}_title"),
        "why": t(message, n=COMMENT_MAX, **values),
        "page": f"/t/{known.row.key}" if known and problem.code == Code.LINK_EXPIRED else None,
        "offered": known.row.question if known and request.method != "POST" else (),
    }
    found = page(request, "link_end.html", context, language, area="links", status=STATUS[problem.code])
    found.headers.update(problem.headers)
    return found
