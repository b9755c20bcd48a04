"""What a public touchpoint shows to anybody: its rating for search engines and a badge with stars for web pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from sqlmodel import Session

from app.auth import authorize, needs
from app.errors import Code, Problem
from app.fast_routes import problems
from app.pages.badge import draw
from app.pages.hosted import address
from app.pages.i18n import SPOKEN, best, in_language, messages
from app.pages.render import conditional
from app.sanitize import xml_text
from app.scores import counts as rollup
from app.scores import score, segment_filter, segmented
from app.scores.counts import Counts
from app.scores.schemas import OneSegment
from app.scores.segment_folding import folded
from app.touchpoints.registry import Known

router = APIRouter(prefix="/v1/touchpoints/{key}", tags=["public"])
ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
KEPT = {**ANYWHERE, "Cache-Control": "public, max-age=300"}
Language = Annotated[str, Query(max_length=35, description="such as `en` or `de-AT`")]
Theme = Annotated[Literal["auto", "light", "dark"], Query(description="`auto` follows the visitor's choice")]


Segment = Annotated[
    OneSegment | None,
    Query(
        description="only answers with this value of a key among the touchpoint's `open_segments`, such as "
        "`store:nord`; with a key that has scores:read, of any key in its `segments`"
    ),
]


OpenSegment = Annotated[
    OneSegment | None, Query(description="only answers with this value of a key among the touchpoint's `open_segments`")
]


class RatedThing(BaseModel):
    model_config = ConfigDict(validate_by_name=True)
    type: str = Field("Service", alias="@type")
    name: str


class AggregateRating(BaseModel):
    """https://schema.org/AggregateRating."""

    model_config = ConfigDict(validate_by_name=True)
    context: str = Field("https://schema.org", alias="@context")
    type: str = Field("AggregateRating", alias="@type")
    item_reviewed: RatedThing = Field(alias="itemReviewed")
    rating_value: float | None = Field(None, alias="ratingValue")
    best_rating: int = Field(alias="bestRating")
    worst_rating: int = Field(alias="worstRating")
    rating_count: int = Field(alias="ratingCount")
    review_count: int = Field(alias="reviewCount", description="ratings that came with a comment")


class Embed(BaseModel):
    """What to paste into a web page."""

    image: str = Field(description="HTML: the badge, leading to the touchpoint's own page")
    json_ld: str = Field(description="HTML: a script that gives search engines the rating as it is when the page opens")


def public(known: Known) -> Known:
    """The touchpoint, if anybody may read its rating; Problem touchpoint_not_public."""
    if not known.row.public:
        raise Problem(Code.TOUCHPOINT_NOT_PUBLIC, "The rating of this touchpoint is not public.", headers=ANYWHERE)
    return known


@dataclass(frozen=True)
class Counted:
    """What a public touchpoint shows, and for how long anybody may keep it."""

    known: Known
    counts: Counts
    headers: Mapping[str, str]


async def _counted(request: Request, key: str, segments: Sequence[str] | None) -> Counted:
    """Problem touchpoint_not_public; invalid_request for a segment that cannot be told, or not to everybody."""
    state = request.app.state
    known = public(await state.registry.get(key))
    if not segments:
        parts = await state.reads.read(lambda session: rollup.read(session, [known.id], rollup.ALL_TIME)[known.id])
        return Counted(known, score.counted(parts), KEPT)
    ((name, value),) = segment_filter.pairs(segments).items()
    headers: Mapping[str, str] = KEPT
    if name not in known.row.open_segments:
        await _allowed(request, name)
        headers = {**ANYWHERE, "Cache-Control": "private, no-cache"}
    await folded(state.db, [known.id])
    counts = await state.reads.read(lambda session: _of_segment(session, known, name, value))
    return Counted(known, counts, headers)


async def _allowed(request: Request, name: str) -> None:
    """Whose scores are nobody's business, a guessed value must not tell: such as that there is a customer `acme`."""
    if not request.headers.get("authorization"):
        mend = "Put it into the touchpoint's `open_segments`, or send a key with scores:read."
        raise segment_filter.refused(f"{name} is not for everybody to read", mend, ANYWHERE)
    await authorize(request, "scores:read")


def _of_segment(session: Session, known: Known, key: str, value: str) -> Counts:
    """What counts of a segment; none while older answers are still being counted by its key."""
    found = segmented.declared(session, known, key, value)
    if found is None:
        raise segment_filter.undeclared(key, known.key)
    segment, state = found
    return score.counted(segment.parts(rollup.ALL_TIME)) if state.complete else rollup.NONE


def _reviewed(known: Known, language: str) -> RatedThing:
    """What is rated: what the touchpoint says, or a service of the touchpoint's name."""
    said = known.row.reviewed or {}
    return RatedThing(type=said.get("type", "Service"), name=said.get("name") or in_language(known.row.name, language))


def _upward(known: Known, mean: float) -> float:
    """The mean as search engines read it: the highest rating is the best."""
    scale = known.scale
    return round(scale.low + scale.high - mean, 2) if scale.reversed else mean


@router.get(
    "/aggregate-rating",
    response_class=Response,
    responses={200: {"model": AggregateRating, "content": {"application/ld+json": {}}}, **problems(401, 403, 404, 422)},
)
async def read_aggregate_rating(request: Request, key: str, lang: Language = "en", segment: Segment = None) -> Response:
    """The rating of a public touchpoint over all time, as JSON-LD. Anybody may read it, from any page.

    Until there is a rating it is an empty object, which says nothing to search engines.
    """
    found = await _counted(request, key, segment)
    known, counts = found.known, found.counts
    if not sum(rollup.ratings(counts)):
        return conditional(request, b"{}", "application/ld+json", found.headers)
    mean = score.metrics(known.scale, counts)["mean"]
    rating = AggregateRating(
        item_reviewed=_reviewed(known, best([lang], SPOKEN)),
        rating_value=_upward(known, mean["value"]) if mean else None,
        best_rating=known.scale.high,
        worst_rating=known.scale.low,
        rating_count=sum(rollup.ratings(counts)),
        review_count=counts[1],
    )
    body = to_json(rating, by_alias=True, exclude_none=True)
    return conditional(request, body, "application/ld+json", found.headers)


@router.get(
    "/badge.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **problems(401, 403, 404, 422)},
)
async def read_badge(
    request: Request, key: str, lang: Language = "en", theme: Theme = "auto", segment: Segment = None
) -> Response:
    """Stars, value and number of ratings of a public touchpoint, as a picture with a text alternative."""
    found = await _counted(request, key, segment)
    drawn = draw(found.known, rollup.ratings(found.counts), best([lang], SPOKEN), theme)
    headers = {**found.headers, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return conditional(request, xml_text(drawn).encode(), "image/svg+xml", headers)


@router.get("/embed", dependencies=[Depends(needs("touchpoints:read"))], response_model=Embed, responses=problems(404))
async def read_embed(
    request: Request, key: str, lang: Language = "en", theme: Theme = "auto", segment: OpenSegment = None
) -> Any:
    """The badge and the rating of a public touchpoint, ready to be pasted into a web page."""
    known = public(await request.app.state.registry.get(key))
    language = best([lang], SPOKEN)
    said = segment_filter.pairs(segment or ())
    if closed := said.keys() - known.row.open_segments:
        raise segment_filter.refused(f"{min(closed)} is not for everybody to read", "Put it into `open_segments`.")
    only = "".join(f"&{urlencode({'segment': f'{name}:{value}'})}" for name, value in said.items())
    page = address(request, known.row.key)
    api = f"{page.removesuffix(f'/t/{quote(known.row.key)}')}/v1/touchpoints/{quote(known.row.key)}"
    alt = messages("badge", language)("alt", name=in_language(known.row.name, language))
    picture = f"{api}/badge.svg?lang={language}&theme={theme}{only}"
    asked = f"{page}?{urlencode(said)}" if said else page
    image = f'<a href="{escape(asked)}"><img src="{escape(picture)}" alt="{escape(alt)}" height="32"></a>'
    script = (
        f'<script>fetch("{api}/aggregate-rating?lang={language}{only}").then(r=>r.text()).then(t=>{{'
        'const s=document.createElement("script");s.type="application/ld+json";s.textContent=t;'
        "document.head.append(s)})</script>"
    )
    return {"image": image, "json_ld": script}
