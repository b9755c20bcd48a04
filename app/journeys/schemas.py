"""Request and response bodies of /v1/journeys."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from app.scores.schemas import Change as LevelChange
from app.scores.schemas import Days, EstimateOut, MetricOut, OneSegment, Period
from app.timestamps import Day, Moment
from app.touchpoints.catalogue import PHASES
from app.touchpoints.schemas import Slug, one_of
from app.touchpoints.texts import Texts, texts_schema

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
    segment: OneSegment | None = Field(
        None,
        description="only answers with this value of a declared key, such as `store:nord`; the period is rounded "
        "outwards to whole days, and touchpoints that do not declare the key have no answers",
    )


CORRECTED = "for how many claims of its kind, looked at together, this one was corrected"


class Change(BaseModel):
    """How an index moved against the period before; verdict null when one of them is empty."""

    verdict: Literal["up", "down", "no_evidence"] | None = Field(
        description="by `difference`; stages are corrected together, and so are touchpoints (Benjamini-Hochberg, 5 %)"
    )
    difference: EstimateOut | None = Field(
        description="now minus before, compared within touchpoints and sources at weights that are the same for both"
    )
    unadjusted: EstimateOut | None = Field(description="now minus before of all answers, whoever gave them")
    interval: Literal["days"] = Field(description="these intervals know that answers of one day hang together")
    mix_shifted: bool = Field(description="true: all answers together moved, but not so within touchpoints and sources")
    too_few: bool = Field(description="true: fewer than 10 ratings in one of the periods, so no verdict is taken")
    corrected_for: int = Field(description=CORRECTED)
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
    corrected_for: int = Field(description=CORRECTED)


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
    """Two that differ for real: first minus second, with an interval that knows that answers of one day hang together.

    What has fewer than 10 ratings is not compared.
    """

    difference: EstimateOut = Field(description="of the 0-100 index")
    p: float = Field(description="adjusted for all comparisons of its kind (Holm)")
    corrected_for: int = Field(description=CORRECTED)


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

    p: float | None = Field(
        description="test of no shift by days, adjusted; null without two parts or with fewer than 10 ratings"
    )
    before: dict[str, float]
    now: dict[str, float]


class Mix(BaseModel):
    """Whether the change of the index comes from who answered instead of what they said (Simpson)."""

    warning: bool = Field(description="the mix shifted beyond chance, and that moved the index by half a point or more")
    sources: Shares
    touchpoints: Shares
    shifted: list[str] = Field(description="touchpoints whose own mix of sources shifted (Holm, 5 %)")
    corrected_for: int = Field(description="how many mixes were looked at; their p-values are adjusted together (Holm)")
    adjusted: EstimateOut | None = Field(description="the index now without what the shifted mix added to it")
    adjusted_difference: EstimateOut | None = Field(description="the change within touchpoints and sources")
    adjusted_verdict: Literal["up", "down", "no_evidence"] | None
    effect: float | None = Field(description="points of the change that the shifted mix alone makes")


class TargetStanding(JourneyTarget):
    status: Literal["met", "not_met", "undecided", "no_data"] = Field(
        description="while the period runs only by an interval that holds however often it is looked at"
    )
    final: bool = Field(description="true: the period is over, so this is the decision")


class SegmentOf(BaseModel):
    """The segment that these figures are of."""

    segment: str
    without: list[str] = Field(description="touchpoints that do not declare the key, none of whose answers are here")
    counting: list[str] = Field(description="touchpoints with older answers that are not counted by the key yet")


class JourneyScore(BaseModel):
    journey: str
    segment: SegmentOf | None = None
    definition: str
    rule: Rule
    period: Period
    count: int = Field(description="answers that count; a touchpoint in several stages is counted once")
    rated_count: int = Field(description="those of them that have a rating: what the index rests on")
    index: MetricOut | None
    trend: Change | None
    change: LevelChange | None = Field(description="of all answers, whatever the period; null for a segment")
    target: TargetStanding | None
    weakest: WeakestStage | None = Field(description="among the stages; null with fewer than two rated ones")
    stages: list[StageScore]
    consistency: Consistency
    mix: Mix | None
