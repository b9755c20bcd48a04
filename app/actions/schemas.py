"""Request and response bodies of /v1/actions and of a touchpoint's reviews."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.sanitize import PLAIN, plain_text
from app.scores.schemas import EstimateOut
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


class EffectWindow(EstimateOut):
    """A level over local days, both included, with its 95 % interval; days that hang together are counted in."""

    since: date
    until: date
    count: int


class Needed(BaseModel):
    answers: int = Field(description="so many more answers")
    days: int = Field(description="so many more days, until it is looked at again")


class Comparison(BaseModel):
    touchpoints: list[str] = Field(description="those named in `compare_with`; empty: all where nothing was done")
    difference: EstimateOut = Field(description="how far these are from what was to be expected of them")


class EffectOut(BaseModel):
    verdict: Literal["better", "worse", "no_evidence", "too_early", "too_few"] = Field(
        description="looked at 28, 56 and 84 whole days after it finished; the first look that decides it stands. "
        "`too_few`: fewer than 30 answers or 7 days with answers in the 28 days before or after"
    )
    metric: str
    before: EffectWindow | None = Field(description="the 28 days before it started")
    after: EffectWindow | None
    expected: EstimateOut | None = Field(
        description="without the action: out of six windows of 28 days before, how levels wander, and what the "
        "others did meanwhile"
    )
    difference: EstimateOut | None = Field(
        description="after minus expected; 2.29 deviations wide to each side, so that three looks err no more than one"
    )
    needed: Needed | None
    caveats: list[Literal["season_taken_off", "mix_changed", "overlaps", "trend_before", "few_weeks", "after_an_alert"]]
    comparison: Comparison | None


class TouchpointEffect(EffectOut):
    touchpoint: str
    scale: str
    bounds: tuple[float, float] = Field(description="the smallest and the largest value of the metric on this scale")


class ActionEffect(BaseModel):
    action: int
    touchpoints: list[TouchpointEffect]
    overall: EffectOut = Field(description="all touchpoints weighed by precision")


class Tellable(BaseModel):
    days: int
    answers: int
    change: float = Field(description="the smallest change that is told in four of five cases, in points of the index")


class Plan(BaseModel):
    touchpoint: str
    metric: str
    per_day: float | None = Field(description="answers a day; null with too few to plan with")
    tellable: list[Tellable]
    compare_with: list[str] = Field(description="touchpoints where nothing is done, those of the same channel first")
