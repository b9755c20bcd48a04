"""Request and response bodies of /v1/actions and of a touchpoint's reviews."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.sanitize import PLAIN, plain_text
from app.timestamps import Day, Moment
from app.touchpoints.schemas import Slug

State = Literal["planned", "running", "finished", "dropped"]
TOUCHPOINTS_MAX = 100


def _instant(value: Any) -> Any:
    """A day alone is its midnight in UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def _once(keys: list[str]) -> list[str]:
    twice = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
    if twice:
        raise ValueError(f"{twice} stands here twice; remove one of them")
    return keys


Plain = Annotated[str, Field(max_length=200, json_schema_extra=PLAIN), AfterValidator(plain_text)]
Title = Annotated[Plain, Field(min_length=1, pattern=r"\S")]
Note = Annotated[str, Field(max_length=4000, json_schema_extra=PLAIN), AfterValidator(plain_text)]
Instant = Annotated[Moment, AfterValidator(_instant)]
Keys = Annotated[
    list[Slug], Field(max_length=TOUCHPOINTS_MAX, json_schema_extra={"uniqueItems": True}), AfterValidator(_once)
]
Where = Annotated[Keys, Field(min_length=1)]


class ReviewIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    note: Note | None = None


class Level(BaseModel):
    """The touchpoint's headline metric over the 30 days up to the review."""

    metric: str
    value: float
    low: float
    high: float
    count: int


class ReviewOut(BaseModel):
    id: int
    touchpoint: str
    reviewed_at: datetime
    reviewed_by: str = Field(description="the name of the key")
    note: str | None
    level: Level | None = Field(description="null when nobody had rated in these 30 days")


class ReviewList(BaseModel):
    items: list[ReviewOut]
    next_cursor: str | None


class ActionChange(BaseModel):
    """What an action says of itself. The dates make its state, and a state that is set makes the dates."""

    model_config = ConfigDict(extra="forbid")
    title: Title | None = None
    touchpoints: Where | None = Field(None, description="keys of the touchpoints at which it is taken")
    owner: Plain | None = None
    note: Note | None = None
    metric: Annotated[str, Field(max_length=16)] | None = Field(
        None, description="the metric that it is to change; each touchpoint must report it. The index when left out"
    )
    planned_for: Day | None = None
    started_at: Instant | None = Field(None, description="a time, or a day; one in the future is still planned")
    finished_at: Instant | None = Field(None, description="not before `started_at`; one in the future is still running")
    compare_with: Keys | None = Field(
        None, description="touchpoints where nothing is done: what changed there too is not put down to the action"
    )
    alert: Annotated[str, Field(max_length=64, json_schema_extra=PLAIN), AfterValidator(plain_text)] | None = Field(
        None, description="the id of the alert that it was made of"
    )
    state: State | None = None


class ActionIn(ActionChange):
    title: Title
    touchpoints: Where


class ActionPatch(ActionChange):
    """What to change."""


class ActionOut(BaseModel):
    id: int
    title: str
    state: State
    touchpoints: list[str]
    compare_with: list[str]
    owner: str | None
    note: str | None
    metric: str | None
    alert: str | None
    planned_for: date | None
    started_at: datetime | None
    finished_at: datetime | None
    dropped_at: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime


class ActionList(BaseModel):
    items: list[ActionOut]
    next_cursor: str | None
