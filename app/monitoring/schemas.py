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
    """A trouble at a touchpoint."""

    id: int
    kind: Kind
    touchpoint: str
    since: datetime
    opened_at: datetime
    state: State
    acknowledged_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None = Field(description="null when the monitoring saw it end")
    because: Because | None
    evidence: dict[str, Any] = Field(description="the numbers; levels are index points, 0 to 100")
    comments: list[Comment]


class AlertList(BaseModel):
    items: list[AlertOut]
    next_cursor: str | None
