"""Request and response bodies of /v1/alerts."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.sanitize import PLAIN, plain_text

State = Literal["open", "acknowledged", "closed"]
Kind = Literal["drop", "rise", "silence", "device_silent", "flood", "review_due", "target", "action"]
Because = Literal["fixed", "not_a_problem", "false_alarm", "other"]
Text = Annotated[
    str, Field(min_length=1, max_length=4000, pattern=r"\S", json_schema_extra=PLAIN), AfterValidator(plain_text)
]


class AlertPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")
    state: State
    because: Because | None = Field(
        None, description="why it is closed; after `false_alarm` and `not_a_problem` the level is learned anew"
    )


class CommentIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Text


class Comment(BaseModel):
    text: str
    by: str
    at: datetime


class AlertOut(BaseModel):
    """A trouble at a touchpoint, or a drop or rise of a whole journey."""

    id: int
    kind: Kind
    touchpoint: str | None = Field(description="null in an alert of a journey")
    journey: str | None = Field(description="null in an alert of a touchpoint")
    since: datetime
    opened_at: datetime
    state: State
    acknowledged_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None = Field(description="null when the monitoring saw it end")
    because: Because | None
    evidence: dict[str, Any] = Field(
        description="the numbers; levels are index points, 0 to 100. `segments` are those in which a level moved, of "
        "the keys that the touchpoint declares and of `segments_compared` with 30 ratings before and since. Of a "
        "journey: `touchpoints` that moved together, and the `alerts` of those that have one of their own and do not "
        "count here; `journeys` at a touchpoint are those that moved as a whole with it"
    )
    comments: list[Comment]
    action: int | None = Field(description="the first action that was made of it")


class Told(BaseModel):
    """One message about an alert, to one place or person."""

    by: Literal["mail", "standard", "slack", "teams"]
    webhook: int | None
    subscriber: int | None
    to: str | None = Field(description="the address, a chat's shortened; null without the scope to read it")
    event: str
    state: Literal["waiting", "delivered", "given_up"]
    at: datetime | None = Field(description="when it arrived")


class AlertRead(AlertOut):
    """A trouble at a touchpoint, and who was told of it."""

    told: list[Told] = Field(description="webhooks and chats for thirty days, mails for a year")


class AlertList(BaseModel):
    items: list[AlertOut]
    next_cursor: str | None


class MonitoringOut(BaseModel):
    """When the monitoring looked and how much it sees."""

    looked_at: datetime | None = Field(description="null before the first look, which comes a minute after the start")
    looks_next: datetime = Field(description="from then on; a look takes place once in each hour")
    touchpoints: int = Field(description="in use, at the last look")
    watched: int = Field(description="whose levels are watched")
    learning: int = Field(description="whose past is still too short to compare with")
    too_thin: int = Field(description="with fewer than one answer a day, of which no change of level can be told")


class ChangeOut(BaseModel):
    """A level that fell or rose, or a target or an action that was decided."""

    kind: Literal["drop", "rise", "target", "action"]
    touchpoint: str | None = Field(description="null in a change of a journey")
    journey: str | None = Field(description="null in a change of a touchpoint")
    verdict: Literal["down", "up", "met", "missed", "better", "worse", "no_evidence", "too_few"]
    since: datetime
    at: datetime = Field(description="when it was found")
    over_at: datetime | None
    metric: str
    before: float | None = Field(alias="from")
    after: float | None = Field(alias="to")
    alert: int
    action: int | None


class ChangeList(BaseModel):
    items: list[ChangeOut]
    next_cursor: str | None
