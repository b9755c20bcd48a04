"""A problem as a page: a person stands before it, and reads it in his language."""

from starlette.requests import Request
from starlette.responses import Response

from app.errors import STATUS, Code, Problem
from app.pages.i18n import SPOKEN, language_of, messages
from app.pages.render import page

_SAID = {404: "unknown", 410: "closed", 429: "later", 500: "later", 503: "later"}


def problem_page(request: Request, problem: Problem) -> Response:
    """What is wrong, and what can be done about it."""
    language, status = language_of(request, SPOKEN), STATUS[problem.code]
    what = "closed" if problem.code == Code.TOUCHPOINT_ARCHIVED else _SAID.get(status, "unreadable")
    t = messages("customer", language)
    offered = SPOKEN if request.method == "GET" else ()
    answer = page(
        request,
        "gone.html",
        {"title": t(f"{what}_title"), "text": t(what), "offered": offered},
        language,
        status=status,
    )
    answer.headers.update(problem.headers)
    return answer
