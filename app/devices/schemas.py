"""Request and response bodies of /v1/devices."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from app.ingest.schemas import Context, DeviceTime
from app.sanitize import PLAIN, plain_text
from app.touchpoints.schemas import Reason, Slug

Name = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=PLAIN), AfterValidator(plain_text)]
Touchpoints = Annotated[list[Slug], Field(min_length=1, max_length=20, description="keys of what is rated on it")]


class DeviceIn(BaseModel):
    """A new tablet: where it stands and what is rated on it."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    touchpoints: Touchpoints
    context: Context | None = Field(None, description="put on each answer given on it, such as its store")


class DevicePatch(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    touchpoints: Touchpoints | None = None
    context: Context | None = None


class DeviceOut(BaseModel):
    """A tablet as it last reported itself."""

    id: int
    name: str
    touchpoints: list[str]
    context: dict[str, Any]
    state: Literal["unpaired", "active", "silent", "revoked"]
    silent: bool = Field(description="paired, and not heard of for 15 minutes")
    key_prefix: str | None
    created_at: datetime
    paired_at: datetime | None
    revoked_at: datetime | None
    pairing_expires_at: datetime | None = Field(description="until when a pairing code waits to be used")
    last_seen_at: datetime | None
    queue_depth: int | None = Field(description="answers that waited on it when it last reported")
    refused: int | None = Field(description="answers that were refused; it keeps them and tries again when it restarts")
    oldest_at: datetime | None = Field(description="when the oldest of them was given")
    oldest_age_s: int | None
    version: str | None
    persisted: bool | None = Field(description="whether its browser promised to keep what is stored")


class NewPairing(DeviceOut):
    pairing_code: str = Field(description="8 characters, works once within 10 minutes; it is shown this once")


class DeviceList(BaseModel):
    items: list[DeviceOut]
    next_cursor: str | None


class Pairing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: Annotated[str, Field(max_length=40, description="as shown; dashes, spaces and case do not matter")]


class Drawn(BaseModel):
    """A scale in words and drawings."""

    look: str = Field(description="the scale of the product that it is drawn like")
    choices: list[dict[str, Any]]
    ends: tuple[str, str]


class Question(BaseModel):
    """What a tablet must know of a touchpoint to ask for a rating; texts by language."""

    key: str
    scale: str
    drawn: dict[str, Drawn] | None = Field(description="by language; only of a scale that is none of the product's")
    name: dict[str, str]
    question: dict[str, str]
    comment_prompt: dict[str, str]
    reasons: list[Reason]


class Config(BaseModel):
    """What a tablet shows, and the service's clock."""

    name: str
    touchpoints: list[Question]
    rtl: list[str] = Field(description="languages of the questions that are written from right to left")
    now: datetime


class Paired(Config):
    key: str = Field(description="the tablet's key; it is shown this once")


class AskedOnTablet(BaseModel):
    """How many customers were shown a touchpoint's question within an hour. The same id again may say more."""

    model_config = ConfigDict(extra="forbid")
    id: UUID
    touchpoint: Annotated[str, Field(max_length=64)]
    n: Annotated[int, Field(ge=1, le=10_000)]
    occurred_at: DeviceTime | None = Field(None, description="the first of them, by the tablet's clock")
    age_s: Annotated[float, Field(ge=0, le=10**9)] | None = None


class Heartbeat(BaseModel):
    """How a tablet is, in ages rather than times: its clock may be wrong."""

    model_config = ConfigDict(extra="forbid")
    queue_depth: Annotated[StrictInt, Field(ge=0, le=10_000_000)]
    refused: Annotated[StrictInt, Field(ge=0, le=10_000_000)] | None = None
    oldest_age_s: Annotated[StrictInt, Field(ge=0, le=10**9)] | None = None
    version: Annotated[str, Field(max_length=40, json_schema_extra=PLAIN), AfterValidator(plain_text)] | None = None
    persisted: StrictBool | None = None
    sent_at: DeviceTime | None = Field(None, description="the tablet's clock, to put right when it asked")
    asked: Annotated[list[AskedOnTablet], Field(default_factory=list, max_length=500)]
