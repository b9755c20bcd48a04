"""Stored answers as those who work with them see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.ingest.schemas import FeedbackOut
from app.timestamps import Moment

Flag = Literal["spam", "misuse", "burst", "test", "duplicate", "unconfirmed"]
Source = Literal["web", "email", "kiosk", "page", "api", "import"]


class AnswerFilter(BaseModel):
    """Which answers. All conditions hold together."""

    model_config = ConfigDict(extra="forbid")
    touchpoint: Annotated[str, Field(max_length=64)] | None = None
    q: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None,
        description="words that the comment holds, all of them, in any spelling (`lodz`, `strasse`); the last one, "
        "and any of four letters or more, may be the beginning of a word or of a part of a long one",
    )
    source: Source | None = None
    since: Moment | None = Field(None, description="a time with its offset, or a date in each touchpoint's time zone")
    until: Moment | None = Field(None, description="a time, exclusive, or a date, that day included")
    rating_min: Annotated[int, Field(ge=0, le=10)] | None = None
    rating_max: Annotated[int, Field(ge=0, le=10)] | None = None
    has_comment: bool | None = None
    flag: Flag | None = Field(None, description="only answers with this flag")
    flagged: bool | None = Field(None, description="true: only answers that do not count; false: only those that do")
    respondent: Annotated[str, Field(max_length=200)] | None = None


class AnswerQuery(AnswerFilter):
    """Which answers, and which page of them."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=500)] | None = None


class StoredFeedback(FeedbackOut):
    """An answer with what is known around it."""

    locale: str | None
    respondent: str | None
    context: dict[str, Any] | None
    claimed_at: datetime | None = Field(description="the time the client gave, before any correction")
    scale: str = Field(description="what the touchpoint is rated on")


class StoredFeedbackList(BaseModel):
    items: list[StoredFeedback]
    next_cursor: str | None


class FlagsIn(BaseModel):
    """The flags the answer is to have: none, and it counts again."""

    model_config = ConfigDict(extra="forbid")
    flags: list[Flag] = Field(max_length=6)


class ManyFlagsIn(BaseModel):
    """Answers at one touchpoint, of all times or of a period, and the flags they are to have instead of one."""

    model_config = ConfigDict(extra="forbid")
    touchpoint: Annotated[str, Field(max_length=64)]
    flag: Flag | None = Field(description="answers with this flag; null: those that count")
    source: Source | None = None
    since: Moment | None = Field(None, description="a time with its offset, or a date in the touchpoint's time zone")
    until: Moment | None = Field(None, description="a time, exclusive, or a date, that day included")
    flags: list[Flag] = Field(max_length=6, description="what takes its place; none: they count")


class Changed(BaseModel):
    """How many answers changed."""

    changed: int
