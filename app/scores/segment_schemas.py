"""Request and response bodies of /v1/segments."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from app.scores.schemas import Days, EstimateOut, Source
from app.scores.segment_values import value_of
from app.timestamps import Moment
from app.touchpoints.texts import Line, Texts


class NamedValue(BaseModel):
    """A value of a key with what people call it."""

    model_config = ConfigDict(extra="forbid")
    value: Annotated[Line, Field(max_length=80), AfterValidator(value_of)]
    name: Texts = Field({}, description="by language; the value itself where it has none")


class SegmentKeyPatch(BaseModel):
    """What to change of how a key is shown."""

    model_config = ConfigDict(extra="forbid")
    name: Texts | None = Field(None, description="what people call the key, by language")
    values: list[NamedValue] | None = Field(
        None, max_length=200, description="in the order in which they are to stand; others follow by their answers"
    )
    shown: StrictBool | None = Field(None, description="whether the dashboard offers a split by it")
    metrics: StrictBool | None = Field(None, description="whether `/metrics` tells the scores of its values")


class Declaration(BaseModel):
    """A touchpoint that declares the key, and how far its answers are counted by it."""

    touchpoint: str
    complete: bool
    counted: int = Field(description="answers from before the declaration that are counted")
    values: int = Field(description="values with counts of their own")
    crowded: bool = Field(description="true: there were more values, and further ones count as `other`")


class SegmentKeyOut(BaseModel):
    key: str
    name: dict[str, str]
    values: list[NamedValue]
    shown: bool
    metrics: bool
    touchpoints: list[Declaration]


class SegmentKeyList(BaseModel):
    items: list[SegmentKeyOut]
    next_cursor: None = None


class SegmentScoresQuery(BaseModel):
    """Which answers. Without a period: all there are."""

    model_config = ConfigDict(extra="forbid")
    touchpoint: Annotated[str, Field(max_length=64)] | None = Field(None, description="only at this one")
    since: Moment | None = None
    until: Moment | None = None
    days: Days = None
    source: Source | None = None


class OfTouchpoint(BaseModel):
    touchpoint: str
    count: int
    index: EstimateOut | None


class Place(BaseModel):
    """The places that a segment may have among those compared, the lowest being 1; all hold together at 95 %."""

    first: int
    last: int


class SegmentScore(BaseModel):
    """One value over all touchpoints that declare the key, or at one."""

    segment: str
    name: dict[str, str]
    count: int
    index: EstimateOut | None = Field(
        description="0-100, all ratings of all touchpoints the same; a store with other touchpoints is another mix"
    )
    place: Place | None = Field(description="where answers at the same touchpoints put it; null: too few to say")
    difference: EstimateOut | None = Field(
        description="to the usual segment (the weighted median; of two, to the other), at the same touchpoints"
    )
    verdict: Literal["differs", "no_evidence", "too_few"] = Field(
        description="by days, and corrected for all that are compared (Holm, 5 %)"
    )
    touchpoints: list[OfTouchpoint]


class PlacesCompared(BaseModel):
    """Among how many verdicts and places were taken."""

    metric: str
    corrected_for: int
    places: int


class SegmentScores(BaseModel):
    items: list[SegmentScore]
    next_cursor: None = None
    compared: PlacesCompared
    counting: list[str] = Field(description="touchpoints with older answers that are not counted by the key yet")
