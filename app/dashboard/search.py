"""The search: what was found in touchpoints, comments, alerts and actions, as far as the key may read it."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from sqlmodel import Session
from starlette.responses import Response

from app.dashboard import alert_words
from app.dashboard.localized import Localized
from app.dashboard.request_context import PageRoute, RequestContext, Signed
from app.search import find
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.registry import Known, known

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_EACH = 8
_Q_MOST = 200


@router.get("/search")
async def search(db: Db, visit: RequestContext = Signed) -> Response:
    """The page; without words it is the field alone."""
    q = visit.request.query_params.get("q", "").strip()[:_Q_MOST]
    found, names = await db.read(lambda session: _read(session, visit, q)) if q else ({}, {})
    title = alert_words.titles(names, visit.words)
    return visit.page("search.html", q=q, found=found, names=names, said=counts(found, visit.words), title=title)


def _read(session: Session, visit: RequestContext, q: str) -> tuple[dict[str, Any], dict[str, Known]]:
    found = find.search(session, q, _EACH, visit.may)
    shown = [row for kind in ("comments", "alerts") if found[kind] for row in found[kind]["items"]]
    keys = {row["touchpoint"] for row in shown if row["touchpoint"]}
    return found, {key: known(registry.by_key(session, key)) for key in keys}


def counts(found: Mapping[str, Any], t: Localized) -> Markup:
    """1 touchpoint, 47 comments."""
    said = [
        t(f"search.n.{kind}", n=found[kind]["count"])
        for kind in find.SCOPES
        if found.get(kind) and found[kind]["count"]
    ]
    return Markup(", ").join(said) if said else t("search.nothing")
