"""Query parameters and response bodies of scores."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.scores.segment_values import NONE, value_of
from app.timestamps import Moment
from app.touchpoints.schemas import BUILT_IN, SEGMENT_KEY

Source = Literal["web", "email", "kiosk", "page", "api", "import"]
Days = Annotated[
    Annotated[int, Field(ge=1, le=3660)] | None,
    Field(description="without `since`: so many days, the last of them the day of `until`, as the dashboard's periods"),
]
SEGMENT = SEGMENT_KEY.removesuffix("$") + r":[^\x00-\x1f\x7f-\x9f]{1,80}$"
Segments = Annotated[list[Annotated[str, Field(pattern=SEGMENT)]], Field(max_length=2)]
OneSegment = Annotated[list[Annotated[str, Field(pattern=SEGMENT)]], Field(max_length=1)]


def _as_told(said: str) -> str:
    """The segment as events and alerts name it; one that they never name would wait for nothing."""
    key, _, value = said.partition(":")
    if key in BUILT_IN or (counted := value_of(value)) == NONE:
        raise ValueError(f"{said} is named by no event; take a value of a key that touchpoints declare")
    return f"{key}:{counted}"


ToldSegment = Annotated[str, Field(pattern=SEGMENT), AfterValidator(_as_told)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class ScoreQuery(BaseModel):
    """A window and how to cut it. Without `since` and `until`: everything there is."""

    model_config = ConfigDict(extra="forbid")
    since: Moment | None = Field(
        None, description="from here: a time with its offset, or a date in the touchpoint's time zone"
    )
    until: Moment | None = Field(
        None, description="up to here: a time, exclusive, or a date, that day included; now when left out"
    )
    days: Days = None
    source: Source | None = Field(None, description="only what came in this way")
    interval: Literal["hour", "day", "week", "month"] | None = Field(
        None, description="adds a series; weeks start on Monday"
    )
    segment: Segments | None = Field(
        None,
        description="only answers with this value of a declared key, such as `store:nord`; `none` without the key, "
        "`other` for values beyond the limit. Also `locale:de`, `device:3`, `hour:14` and `weekday:1` (Monday). Two of "
        "them, or one beside another key in `group_by`, are read from the answers where these are 20,000 at most. The "
        "period is rounded outwards to whole days. `source:web` is the same as `source=web`",
    )
    group_by: Annotated[str, Field(pattern=SEGMENT_KEY)] | None = Field(
        None,
        description="adds the same figures for each `source`, or for each segment of a declared key, `locale`, "
        "`device`, `hour` or `weekday`",
    )
    compare: Literal["previous"] | None = Field(
        None,
        description="adds the trend against the period of the same length before; 30 days when it has no beginning",
    )

    @model_validator(mode="before")
    @classmethod
    def _by_source(cls, said: dict[str, Any]) -> dict[str, Any]:
        """`segment=source:web` is `source=web`, which stands beside any other key."""
        segments = said.get("segment") or []
        sources = {one.removeprefix("source:") for one in segments if one.startswith("source:")}
        if not sources:
            return said
        if len(sources | {said.get("source") or min(sources)}) > 1:
            raise ValueError("an answer has one source: ask for one of them")
        others = [one for one in segments if not one.startswith("source:")]
        return said | {"source": sources.pop(), "segment": others or None}


class ScoresQuery(BaseModel):
    """Which touchpoints, over which window."""

    model_config = ConfigDict(extra="forbid")
    phase: str | None = None
    contact: str | None = None
    channel: str | None = None
    kind: str | None = None
    tag: str | None = None
    owner: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    days: Days = None
    source: Source | None = None
    compare: Literal["previous"] | None = None
    sort: Literal["worst", "best", "key", "count"] = "worst"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=500)] | None = None


class EstimateOut(BaseModel):
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


class MetricOut(EstimateOut):
    """A metric, and how many ratings it rests on."""

    n: int


Metrics = dict[str, MetricOut | None]


class Period(BaseModel):
    since: datetime
    until: datetime
    timezone: str


class Summary(BaseModel):
    count: int = Field(description="answers that count, with a rating or without")
    rated_count: int = Field(description="those of them that have a rating")
    comment_count: int
    excluded: dict[str, int] = Field(description="answers that do not count, by flag")
    distribution: dict[str, int] = Field(description="answers by rating")
    reasons: dict[str, int]
    metrics: Metrics


class Group(Summary):
    source: Source | None = Field(None, description="with `group_by=source`")
    segment: str | None = Field(None, description="with `group_by` a segment's key, such as `store:nord`")

    difference: EstimateOut | None = Field(
        None, description="to the usual segment (the weighted median; of two, to the other), with its 95 % interval"
    )
    verdict: Literal["differs", "no_evidence", "too_few"] | None = Field(
        None,
        description="by days, and corrected for all that are compared (Holm, 5 %); `too_few` below 30 ratings or on "
        "one day only",
    )


class Compared(BaseModel):
    """What the verdicts of segments are about, and among how many they were taken."""

    metric: str
    corrected_for: int


class Point(BaseModel):
    start: datetime
    partial: bool = Field(description="true: it is not over yet, so more answers may come")
    count: int
    rated_count: int
    comment_count: int
    distribution: dict[str, int]
    metrics: Metrics


class Previous(BaseModel):
    period: Period
    count: int
    rated_count: int
    metrics: Metrics


class Trend(BaseModel):
    verdict: Literal["up", "down", "no_evidence"] | None = Field(
        description="by `difference`, and in a list corrected for all that is looked at; null when a period is empty"
    )
    metric: str
    difference: EstimateOut | None = Field(
        description="now minus before, compared within sources and pooled at weights that are the same for both periods"
    )
    unadjusted: EstimateOut | None = Field(description="now minus before of all answers, whatever their source")
    interval: Literal["days"] = Field(description="these intervals know that answers of one day hang together")
    days: Literal["measured", "assumed"] = Field(
        description="how much they do: measured on up to 112 days before both periods, or assumed where these hold "
        "fewer than 100 answers or 14 days"
    )
    mix_shifted: bool = Field(
        description="true: all answers together moved, but not so within the sources; the mix of sources did"
    )
    too_few: bool = Field(description="true: fewer than 10 ratings in one of the periods, so no verdict is taken")
    corrected_for: int = Field(
        description="among how many changes looked at together this verdict was taken (Benjamini-Hochberg, 5 %)"
    )
    previous: Previous


class TargetStatus(BaseModel):
    metric: str
    value: float
    by: date | None = None
    status: Literal["met", "not_met", "undecided", "no_data"] = Field(
        description="while the period runs only by an interval that holds however often it is looked at"
    )
    final: bool = Field(description="true: the period is over, so this is the decision")


class ResponseRate(BaseModel):
    asked: int
    answered: int
    value: float
    low: float | None = Field(description="Wilson's 95 % interval, continuity corrected; null with `at_least`")
    high: float | None
    at_least: bool = Field(description="true: more answered than were counted as asked, so `asked` is at least so many")


class Counting(BaseModel):
    """A key that was declared after answers came, and is still being counted."""

    key: str
    counted: int
    of: int


class Score(Summary):
    touchpoint: str
    scale: str
    definition: str = Field(description="the version of the formulas")
    period: Period
    interval: Literal["answers"] = Field(
        description="the intervals of `metrics` take these answers as independent: what `trend` and `target` say goes "
        "by days"
    )
    trend: Trend | None
    target: TargetStatus | None
    response_rate: ResponseRate | None
    series: list[Point] | None = None
    groups: list[Group] | None = None
    compared: Compared | None = None
    counting: Counting | None = Field(
        None, description="with segments: not null while older answers are missing from these figures"
    )


class Change(BaseModel):
    """A level that fell or rose for real and has not come back, as the monitoring found it; index points, 0 to 100."""

    direction: Literal["down", "up"]
    since: datetime
    before: float = Field(alias="from")
    after: float = Field(alias="to")
    alert: int


class JourneyChange(Change):
    """The same of a whole journey."""

    journey: str


class ListedScore(Score):
    change: Change | None
    journey_changes: list[JourneyChange] = Field(
        description="of journeys whose touchpoints moved together, this one among them; `change` is its own only"
    )


class ScoreList(BaseModel):
    items: list[ListedScore]
    next_cursor: str | None
