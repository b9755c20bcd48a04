"""Request and response bodies of /v1/journeys."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from app.scores.schemas import Days, EstimateOut, MetricOut, Period
from app.timestamps import Day, Moment
from app.touchpoints.catalogue import PHASES
from app.touchpoints.schemas import Slug, Texts, one_of, texts_schema

Rule = Literal["pooled", "equal", "importance"]
Phase = Annotated[str, *one_of(PHASES, "phase")]
_SAID = "by language; a plain text is taken as English"
Name = Annotated[Texts, Field(min_length=1), WithJsonSchema(texts_schema(1) | {"description": _SAID})]
RULE = "what weighs the same: `pooled` every answer, `equal` every touchpoint, `importance` goes by it"


class StageIn(BaseModel):
    """One step, with the touchpoints that serve it. A touchpoint may stand in several stages and journeys."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    phase: Phase | None = None
    touchpoints: list[Slug] = Field(
        default=[], max_length=50, description="keys, each once", json_schema_extra={"uniqueItems": True}
    )


Stages = Annotated[list[StageIn], Field(max_length=30, description="in the order a customer walks them")]


class JourneyTarget(BaseModel):
    """The index wanted for the whole journey, by a date."""

    model_config = ConfigDict(extra="forbid")
    value: Annotated[float, Field(strict=True, ge=0, le=100)]
    by: Day | None = None


class JourneyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    key: Slug
    name: Name
    rule: Rule = Field("pooled", description=RULE)
    target: JourneyTarget | None = None
    stages: Stages = []


class JourneyPatch(BaseModel):
    """What to change; `stages` replaces all of them."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    rule: Rule | None = Field(None, description=RULE)
    target: JourneyTarget | None = None
    stages: Stages | None = None


class StageOut(BaseModel):
    name: dict[str, str]
    phase: str | None
    touchpoints: list[str]


class JourneyOut(BaseModel):
    key: str
    name: dict[str, str]
    rule: Rule
    target: JourneyTarget | None
    stages: list[StageOut]
    created_at: datetime
    updated_at: datetime


class JourneyList(BaseModel):
    items: list[JourneyOut]
    next_cursor: str | None


class JourneyScoreQuery(BaseModel):
    """A window, and how touchpoints are rolled up."""

    model_config = ConfigDict(extra="forbid")
    since: Moment | None = Field(None, description="a time with its offset, or a date in each touchpoint's time zone")
    until: Moment | None = Field(None, description="a time, exclusive, or a date, that day included; now when left out")
    days: Days = None
    rule: Rule | None = Field(None, description=f"{RULE}; the journey's own when left out")
    compare: Literal["previous"] | None = Field(
        None, description="adds trends against the period of the same length before, and looks whether the mix shifted"
    )


class Change(BaseModel):
    """How an index moved against the period before; verdict null when one of them is empty."""

    verdict: Literal["up", "down", "no_evidence"] | None
    difference: EstimateOut | None
    previous: EstimateOut | None
    previous_count: int


class Link(BaseModel):
    """The index of a touchpoint within a stage."""

    touchpoint: str
    count: int
    rated_count: int
    index: MetricOut | None
    trend: Change | None


class Weakest(BaseModel):
    """The lowest index, and who else may be the lowest."""

    verdict: Literal["weakest", "cannot_be_told_apart"]
    index: MetricOut


class WeakestStage(Weakest):
    stage: int = Field(description="its position, from 0")
    shared_with: list[int] = Field(description="those that cannot be told apart from it (Holm, 5 %)")


class WeakestTouchpoint(Weakest):
    touchpoint: str
    shared_with: list[str] = Field(description="those that cannot be told apart from it (Holm, 5 %)")


class StageScore(BaseModel):
    position: int
    name: dict[str, str]
    phase: str | None
    count: int
    rated_count: int
    index: MetricOut | None
    trend: Change | None
    weakest: WeakestTouchpoint | None = Field(description="among its touchpoints; null with fewer than two rated ones")
    touchpoints: list[Link]


class Difference(BaseModel):
    """Two that differ for real: first minus second."""

    difference: EstimateOut = Field(description="of the 0-100 index")
    p: float = Field(description="adjusted for all comparisons of its kind (Holm)")


class StageDifference(Difference):
    first: int
    second: int


class TouchpointDifference(Difference):
    stage: int
    first: str
    second: str


class SourceDifference(Difference):
    touchpoint: str
    first: str
    second: str


class Compared(BaseModel):
    stages: int
    touchpoints: int
    sources: int


class Consistency(BaseModel):
    """What differs beyond chance: stages, touchpoints of the same stage, sources of the same touchpoint."""

    compared: Compared = Field(description="how many pairs were looked at")
    stages: list[StageDifference]
    touchpoints: list[TouchpointDifference]
    sources: list[SourceDifference]


class Shares(BaseModel):
    """How answers spread over parts in two periods, in percent, and whether that shifted."""

    p: float | None = Field(description="chi-square test of no shift; null when there is nothing to compare")
    before: dict[str, float]
    now: dict[str, float]


class Mix(BaseModel):
    """Whether the change of the index comes from who answered instead of what they said (Simpson)."""

    warning: bool = Field(description="the mix shifted beyond chance, and that moved the index by half a point or more")
    sources: Shares
    touchpoints: Shares
    shifted: list[str] = Field(description="touchpoints whose own mix of sources shifted (Holm, 5 %)")
    adjusted: EstimateOut | None = Field(description="the index as it would be with the mix of the period before")
    adjusted_difference: EstimateOut | None
    adjusted_verdict: Literal["up", "down", "no_evidence"] | None
    effect: float | None = Field(description="points of the change that the shifted mix alone makes")


class TargetStanding(JourneyTarget):
    status: Literal["met", "not_met", "undecided", "no_data"]


class JourneyScore(BaseModel):
    journey: str
    definition: str
    rule: Rule
    period: Period
    count: int = Field(description="answers that count; a touchpoint in several stages is counted once")
    rated_count: int = Field(description="those of them that have a rating: what the index rests on")
    index: MetricOut | None
    trend: Change | None
    target: TargetStanding | None
    weakest: WeakestStage | None = Field(description="among the stages; null with fewer than two rated ones")
    stages: list[StageScore]
    consistency: Consistency
    mix: Mix | None
