"""Request and response bodies of /v1/scales."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, WithJsonSchema

from app.touchpoints.scales import RATING_MAX
from app.touchpoints.schemas import ScaleKey
from app.touchpoints.texts import Texts, texts_schema

Rating = Annotated[StrictInt, Field(ge=0, le=RATING_MAX)]
RatingText = Annotated[str, Field(pattern=rf"^([0-9]|{RATING_MAX})$")]
Labels = Annotated[
    dict[RatingText, Texts],
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": rf"^([0-9]|{RATING_MAX})$"},
            "additionalProperties": texts_schema(1),
        }
    ),
    Field(
        description="a word by language for each rating, or for the two ends alone where the number is shown; a plain "
        "text is taken as English"
    ),
]
Drawing = Literal["stars", "faces", "numbers", "thumbs"]
Asks = Annotated[
    Literal["rated", "agree", "likely", "yes"],
    Field(description="what a question must ask for: how good it was, to agree, how likely it is, or yes or no"),
]


class ScaleChange(BaseModel):
    """What of a scale may be changed. Labels, drawing and `asks` always; the rest while no touchpoint is on it."""

    model_config = ConfigDict(extra="forbid")
    low: Rating | None = Field(None, alias="from")
    high: Rating | None = Field(None, alias="to")
    top: Rating | None = Field(
        None, alias="satisfied_from", description="the poorest rating of somebody who is satisfied"
    )
    labels: Labels | None = None
    drawing: Drawing | None = None
    asks: Asks | None = None
    reversed: StrictBool | None = Field(None, description="whether less is better, as with school grades")
    nps: StrictBool | None = Field(None, description="whether a Net Promoter Score is reported: only from 0 to 10")
    ces: StrictBool | None = Field(None, description="whether the share of the satisfied is that of ease, `ces`")


class ScaleIn(ScaleChange):
    """A scale of one's own."""

    key: ScaleKey
    low: Rating = Field(alias="from")
    high: Rating = Field(alias="to")
    top: Rating = Field(alias="satisfied_from", description="the poorest rating of somebody who is satisfied")
    labels: Labels
    drawing: Drawing


def _not_null(schema: dict[str, Any]) -> None:
    for said in schema["properties"].values():
        said["anyOf"] = [kind for kind in said["anyOf"] if kind != {"type": "null"}]
        said.pop("default", None)


class ScalePatch(ScaleChange):
    model_config = ConfigDict(json_schema_extra=_not_null)


class ScaleOut(BaseModel):
    """A scale, and what follows from it."""

    model_config = ConfigDict(populate_by_name=True)
    key: str
    built_in: bool
    low: int = Field(alias="from")
    high: int = Field(alias="to")
    top: int = Field(alias="satisfied_from")
    labels: dict[str, dict[str, str]] = Field(description="by rating and language")
    drawing: Drawing
    asks: Asks
    reversed: bool
    nps: bool
    ces: bool
    metrics: list[str] = Field(description="what a score on this scale reports")
    headline: str = Field(description="the metric that trends go by unless a target names another")
    used: bool = Field(description="whether a touchpoint is on it, an archived one too")


class ScaleList(BaseModel):
    items: list[ScaleOut]
    next_cursor: None = None
