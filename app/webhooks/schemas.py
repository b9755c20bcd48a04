"""Request and response bodies of /v1/webhooks."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.scores.schemas import ToldSegment
from app.timestamps import Time
from app.touchpoints.catalogue import LANGUAGES
from app.touchpoints.schemas import Slug, one_of
from app.webhooks.chats import FORMATS, STANDARD
from app.webhooks.events import ALERTS, EVENTS, LINK_CREATED

_URL_SAID = r"^[Hh][Tt][Tt][Pp][Ss]?://[A-Za-z0-9._:\[\]-]+([/?][^\s#]*)?$"  # `address.check` says more
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="https; where events are posted to",
        json_schema_extra={"pattern": _URL_SAID},
    ),
]
_EVENTS = (*EVENTS, *ALERTS, LINK_CREATED)
Event = Annotated[str, *one_of(_EVENTS, "event")]
Events = Annotated[list[Event], Field(min_length=1, max_length=len(_EVENTS))]
Touchpoints = Annotated[list[Slug], Field(max_length=200, description="keys; none for every touchpoint")]
Format = Annotated[str, *one_of(FORMATS, "format")]
Language = Annotated[str, *one_of(LANGUAGES, "language")]
Include = Annotated[
    list[Literal["comment", "context"]],
    Field(max_length=2, description="what is sent of the answer itself; whoever wants it needs feedback:read"),
]


Segments = Annotated[
    list[ToldSegment],
    Field(
        max_length=200,
        description="such as `store:nord`: only answers in one of them, and drops and rises that happened in one; none "
        "for all",
    ),
]


class WebhookIn(BaseModel):
    """An address that wants to be told."""

    model_config = ConfigDict(extra="forbid")
    url: Url
    events: Events
    touchpoints: Touchpoints = []
    segments: Segments = []
    format: Format = Field(STANDARD, description="`slack` or `teams`: a sentence with a link, as that chat takes it")
    language: Language = Field("en", description="of a chat's sentences")
    include: Include = []


class WebhookPatch(BaseModel):
    """What is left out stays. A webhook that is enabled again goes on with what waits."""

    model_config = ConfigDict(extra="forbid")
    url: Url | None = None
    events: Events | None = None
    touchpoints: Touchpoints | None = None
    segments: Segments | None = None
    language: Language | None = None
    include: Include | None = None
    enabled: StrictBool | None = None


class WebhookOut(BaseModel):
    """A webhook, and whether it can be reached."""

    id: int
    url: str = Field(description="of a chat only its beginning: who knows all of it can write there")
    events: list[str]
    touchpoints: list[str]
    segments: list[str]
    format: str
    language: str
    include: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_because: str | None
    failing_since: datetime | None = Field(description="of an unbroken row of failures")
    given_up: int = Field(description="events that were tried ten times, refused, or too many to wait")
    created_at: datetime


class NewSecret(WebhookOut):
    secret: str = Field(description="signs each delivery, as in Standard Webhooks; it is shown this once")


class WebhookList(BaseModel):
    items: list[WebhookOut]
    next_cursor: str | None


class DeliveryOut(BaseModel):
    """One event on its way to one webhook."""

    id: UUID = Field(description="`webhook-id` of the request: the same at each try")
    type: str
    feedback: UUID | None = Field(description="the answer it tells of")
    state: Literal["waiting", "delivered", "given_up"]
    created_at: datetime
    due_at: datetime | None = Field(description="when it is tried next")
    delivered_at: datetime | None
    tries: int
    status: int | None = Field(description="HTTP status of the last try")
    error: str = Field(description="why the last try got none")


class DeliveryList(BaseModel):
    items: list[DeliveryOut]
    next_cursor: str | None


class ReplayIn(BaseModel):
    """Which deliveries to make once more."""

    model_config = ConfigDict(extra="forbid")
    since: Time = Field(description="of events from then on; they are kept for 30 days")
    delivered: StrictBool = Field(False, description="also those that were delivered")


class Replayed(BaseModel):
    queued: int
