"""Request and response bodies of /v1/touchpoints."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)

from app.errors import Place
from app.sanitize import PLAIN, plain_text
from app.timestamps import Day
from app.touchpoints import origins
from app.touchpoints.catalogue import CATALOGUE, CHANNELS, CONTACTS, PHASES
from app.touchpoints.texts import Language, Line, Texts

CLEARABLE = {
    "language",
    "owner",
    "target",
    "repeat_days",
    "ask_every_days",
    "review_interval_days",
    "reviewed",
}  # what a touchpoint may have none of
SLUG = r"^[a-z0-9][a-z0-9_-]{0,63}$"
Days = Annotated[StrictInt, Field(ge=1, le=3650)]


# What Google shows stars for (its documentation of review snippets), and a plain Service.
REVIEWED = (
    *("Service", "Product", "LocalBusiness", "Organization", "Event", "Course", "Book", "Recipe", "Movie", "Game"),
    *("SoftwareApplication", "CreativeWorkSeason", "CreativeWorkSeries", "Episode", "MediaObject", "MusicPlaylist"),
    "MusicRecording",
)


def one_of(names: Iterable[str], what: str) -> tuple[Any, ...]:
    """For Annotated: takes only one of `names`, and the document names them."""
    known = tuple(names)

    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"unknown {what}; send one of {', '.join(known)}")
        return value

    return Field(json_schema_extra={"enum": list(known)}), AfterValidator(check)


_time_zones = cache(available_timezones)  # it reads hundreds of files


def _timezone(value: str) -> str:
    if value not in _time_zones():
        raise ValueError("not a time zone of the IANA database; name one such as Europe/Berlin")
    ZoneInfo(value)
    return value


TimeZone = Annotated[str, AfterValidator(_timezone)]


Slug = Annotated[str, Field(pattern=SLUG)]
Tag = Annotated[str, Field(max_length=40, pattern=r"^[\w:.-]+$")]
Way = Literal["widget", "page", "link", "tablet", "key"]
Origin = Annotated[str, Field(json_schema_extra={"pattern": origins.SAID}), AfterValidator(origins.normal)]
FrameOrigin = Annotated[str, Field(json_schema_extra={"pattern": origins.SITE_SAID}), AfterValidator(origins.of_a_site)]
ScaleKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,15}$")]
SEGMENT_KEY = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$"
BUILT_IN = ("source", "hour", "weekday")  # every touchpoint can be split by these without declaring them


def _declared(keys: list[str]) -> list[str]:
    if known := [key for key in keys if key in BUILT_IN]:
        raise ValueError(f"{known[0]} need not be declared: every touchpoint can be split by it; leave it out")
    return list(dict.fromkeys(keys))


SegmentKey = Annotated[str, Field(pattern=SEGMENT_KEY, json_schema_extra={"not": {"enum": list(BUILT_IN)}})]


class Reason(BaseModel):
    """An option that a customer may tick beside the rating."""

    model_config = ConfigDict(extra="forbid")
    key: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    label: Texts


class Target(BaseModel):
    """The level wanted for a metric, by a date."""

    model_config = ConfigDict(extra="forbid")
    metric: Literal["mean", "index", "csat", "ces", "nps"]
    value: Annotated[float, Field(strict=True, ge=-100, le=100)]
    by: Day | None = None


class TargetHeld(BaseModel):
    """A target, how long it held, and whether it was met."""

    metric: str
    value: float
    by: date | None
    set_at: datetime
    ended_at: datetime | None = Field(description="when another one or none was set; null for the one that holds")
    status: Literal["met", "missed", "undecided", "too_few"] = Field(
        description="decided once: for the 30 days up to `by`, or without it for each calendar month"
    )
    decided_at: datetime | None


class TargetHistory(BaseModel):
    items: list[TargetHeld]


class Reviewed(BaseModel):
    """What the public rating is a rating of, as search engines read it."""

    model_config = ConfigDict(extra="forbid")
    type: Annotated[str, *one_of(REVIEWED, "type")] = Field(
        description="a type of schema.org; search engines show ratings of these, and none of a `Service`"
    )
    name: Line | None = Field(None, description="the touchpoint's own name when left out")


class TouchpointChange(BaseModel):
    """Every field may be left out: creating, the catalogue fills it; changing, it stays as it is."""

    model_config = ConfigDict(extra="forbid")
    phase: Annotated[str, *one_of(PHASES, "phase")] | None = None
    contact: Annotated[str, *one_of(CONTACTS, "contact")] | None = None
    channel: Annotated[str, *one_of(CHANNELS, "channel")] | None = None
    scale: ScaleKey | None = Field(None, description="one of `GET /v1/scales`; fixed once there are answers")
    name: Texts | None = Field(None, description="by language; a plain text is taken as English")
    language: Language | None = Field(
        None, description="one that the question is in, for customers whose own it is not in; English when left out"
    )
    question: Texts | None = Field(None, description="by language, any tag of BCP 47")
    comment_prompt: Texts | None = None
    reasons: list[Reason] | None = Field(None, max_length=6)
    tags: list[Tag] | None = Field(None, max_length=20)
    owner: Annotated[str, Field(max_length=200, json_schema_extra=PLAIN), AfterValidator(plain_text)] | None = None
    importance: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    timezone: TimeZone | None = None
    target: Target | None = None
    origins: list[Origin] | None = Field(None, max_length=50, description="web pages that may post feedback")
    repeat_days: Days | None = Field(
        None, description="within them, a respondent's further answers are flagged `duplicate`"
    )
    ask_every_days: Days | None = Field(
        None,
        description="the same person is asked here by links once in so many days, beside the cool-down over all "
        "touchpoints",
    )
    review_interval_days: Days | None = Field(
        None, description="somebody should look at this touchpoint again after so many days"
    )
    frame_origins: list[FrameOrigin] | None = Field(
        None, max_length=50, description="sites that may show the hosted page in a frame; none by default"
    )
    public: StrictBool | None = Field(None, description="whether anybody may read the aggregate rating and the badge")
    reviewed: Reviewed | None = Field(None, description="what the aggregate rating is of; a `Service` when left out")
    open: list[Way] | None = Field(
        None,
        max_length=5,
        description="the ways by which answers are taken: `widget` on listed origins, the hosted `page` with its QR "
        "code, `link` in a mail, `tablet`, and `key` for the API. All by default; kinds where the company is not there "
        "(contact `indirect`) have no page, and a widget only when origins are given. To strangers a closed way looks "
        "as if there were no such touchpoint",
    )

    segments: Annotated[list[SegmentKey], Field(max_length=8), AfterValidator(_declared)] | None = Field(
        None,
        description="keys of answers' `context` by whose values scores can be split, such as `store`; also `locale` "
        "and `device`. Answers that are there already are counted in the background",
    )

    open_segments: Annotated[list[SegmentKey], Field(max_length=8), AfterValidator(_declared)] | None = Field(
        None,
        description="those of `segments` that a browser without a key may say: the widget, and the hosted page by its "
        "address, such as `/t/store?store=nord`. Anybody can make such an address up; without it what a browser says "
        "of a declared key is left out. Links, tablets and keys say what they like",
    )

    @model_validator(mode="after")
    def _distinct_reasons(self) -> "TouchpointChange":
        keys = [reason.key for reason in self.reasons or ()]
        if len(keys) != len(set(keys)):
            raise ValueError("two reasons have the same key; rename one of them")
        return self


class TouchpointIn(TouchpointChange):
    """A new touchpoint: a `kind` of the catalogue is enough, or a `key` of one's own; one of them is needed.

    The schema does not say so: of an `anyOf` beside the properties some generators make a type that has nothing else.
    """

    key: Slug | None = None
    kind: Annotated[str, *one_of(CATALOGUE, "kind")] | None = None

    @model_validator(mode="after")
    def _key_or_kind(self) -> "TouchpointIn":
        if self.key is None and self.kind is None:
            raise ValueError("has neither kind nor key; give a kind from the catalogue, a key, or both")
        return self


def _not_null(schema: dict[str, Any]) -> None:
    """Only what may be empty can be emptied."""
    for name, said in schema["properties"].items():
        if name not in CLEARABLE:
            said["anyOf"] = [kind for kind in said["anyOf"] if kind != {"type": "null"}]
            said.pop("default", None)


class TouchpointPatch(TouchpointChange):
    """What to change. `archived` false takes an archived touchpoint back into use."""

    model_config = ConfigDict(json_schema_extra=_not_null)
    archived: StrictBool | None = None


class TouchpointOut(BaseModel):
    key: str
    kind: str | None
    phase: str
    contact: str
    channel: str
    scale: str
    language: str | None
    name: dict[str, str]
    question: dict[str, str]
    comment_prompt: dict[str, str]
    reasons: list[Reason]
    tags: list[str]
    owner: str | None
    importance: int
    timezone: str
    target: Target | None
    origins: list[str]
    frame_origins: list[str]
    reviewed: Reviewed | None
    repeat_days: int | None
    ask_every_days: int | None
    review_interval_days: int | None
    reviewed_at: datetime | None = Field(description="when somebody last said that he looked at it again")
    review_due: date | None = Field(description="the day of the next review, in the touchpoint's time zone")
    public: bool
    open: list[str]
    segments: list[str]
    open_segments: list[str]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


class TouchpointNow(TouchpointOut):
    """A touchpoint as it is now."""

    warnings: list[Place] = Field(description="what is odd about it, such as a question that does not fit its scale")


class TouchpointList(BaseModel):
    items: list[TouchpointOut]
    next_cursor: str | None


class KindOut(BaseModel):
    """A kind of the catalogue with what a touchpoint of it starts with."""

    kind: str
    phase: str
    contact: str
    channel: str
    scale: str
    name: dict[str, str]
    question: dict[str, str]
    reasons: list[Reason]


class Catalogue(BaseModel):
    items: list[KindOut]
    next_cursor: None = None
