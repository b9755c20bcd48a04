"""What a touchpoint looks like over HTTP, and what may be said of it."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.touchpoints.catalogue import CATALOGUE, CHANNELS, CONTACTS, LANGUAGES, PHASES
from app.touchpoints.scales import SCALES

SLUG = r"^[a-z0-9][a-z0-9_-]{0,63}$"
_ORIGIN = re.compile(r"^(\*|https?://(\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?)$")


def one_of(names: Any, what: str) -> Any:
    """A validator that takes only one of `names`."""
    known = tuple(names)

    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"unknown {what}; one of {', '.join(known)}")
        return value

    return AfterValidator(check)


def _by_language(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


def _known_languages(texts: dict[str, str]) -> dict[str, str]:
    unknown = [language for language in texts if language not in LANGUAGES]
    if unknown:
        raise ValueError(f"unknown language {unknown[0]}; the languages are {', '.join(LANGUAGES)}")
    return texts


def _origin(value: str) -> str:
    value = value.lower().rstrip("/")
    if not _ORIGIN.fullmatch(value):
        raise ValueError("an origin is scheme, host and port, such as https://shop.example or https://*.shop.example")
    return value


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("not a time zone of the IANA database, such as Europe/Berlin")
    ZoneInfo(value)
    return value


Line = Annotated[str, Field(min_length=1, max_length=300)]
Texts = Annotated[dict[str, Line], BeforeValidator(_by_language), AfterValidator(_known_languages)]
Slug = Annotated[str, Field(pattern=SLUG)]
Tag = Annotated[str, Field(pattern=r"^[\w:.-]{1,40}$")]
Origin = Annotated[str, AfterValidator(_origin)]
ScaleName = Annotated[str, one_of(SCALES, "scale")]


class Reason(BaseModel):
    """An option that a customer may tick beside the rating."""

    model_config = ConfigDict(extra="forbid")
    key: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    label: Texts


class Target(BaseModel):
    """The level wanted for a metric, by a date."""

    model_config = ConfigDict(extra="forbid")
    metric: Literal["mean", "index", "csat", "ces", "nps"]
    value: float = Field(ge=-100, le=100)
    by: date | None = None


class TouchpointChange(BaseModel):
    """Every field may be left out: creating, the catalogue fills it; changing, it stays as it is."""

    model_config = ConfigDict(extra="forbid")
    phase: Annotated[str, one_of(PHASES, "phase")] | None = None
    contact: Annotated[str, one_of(CONTACTS, "contact")] | None = None
    channel: Annotated[str, one_of(CHANNELS, "channel")] | None = None
    scale: ScaleName | None = None
    name: Texts | None = Field(None, description="by language; a plain text is taken as English")
    question: Texts | None = None
    comment_prompt: Texts | None = None
    reasons: list[Reason] | None = Field(None, max_length=6)
    tags: list[Tag] | None = Field(None, max_length=20)
    owner: Annotated[str, Field(max_length=200)] | None = None
    importance: Annotated[int, Field(ge=1, le=5)] | None = None
    timezone: Annotated[str, AfterValidator(_timezone)] | None = None
    target: Target | None = None
    origins: list[Origin] | None = Field(None, max_length=50, description="web pages that may post feedback")
    review_interval_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        None, description="within it, a respondent's further answers are flagged `duplicate`"
    )
    public: bool | None = Field(None, description="whether anybody may read the aggregate rating and the badge")

    @model_validator(mode="after")
    def _distinct_reasons(self) -> "TouchpointChange":
        keys = [reason.key for reason in self.reasons or ()]
        if len(keys) != len(set(keys)):
            raise ValueError("two reasons have the same key")
        return self


class TouchpointIn(TouchpointChange):
    """A new touchpoint: a `kind` of the catalogue is enough, or a `key` of one's own."""

    key: Slug | None = None
    kind: Annotated[str, one_of(CATALOGUE, "kind")] | None = None

    @model_validator(mode="after")
    def _key_or_kind(self) -> "TouchpointIn":
        if self.key is None and self.kind is None:
            raise ValueError("give a kind from the catalogue, a key, or both")
        return self


class TouchpointPatch(TouchpointChange):
    """What to change. `archived` false takes an archived touchpoint back into use."""

    archived: bool | None = None


class TouchpointOut(BaseModel):
    key: str
    kind: str | None
    phase: str
    contact: str
    channel: str
    scale: str
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
    review_interval_days: int | None
    public: bool
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


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
