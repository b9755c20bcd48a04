"""Stored answers as those who work with them see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.ingest.schemas import FeedbackOut
from app.sanitize import PLAIN, plain_text
from app.scores.schemas import Segments
from app.timestamps import Moment

Flag = Literal["spam", "misuse", "burst", "test", "duplicate", "unconfirmed"]
Source = Literal["web", "email", "kiosk", "page", "api", "import"]


State = Literal["new", "seen", "needs_reply", "done"]


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
    handling: State | None = Field(None, description="only answers whose customer is followed up like this")


class SegmentedFilter(AnswerFilter):
    """Which answers, by what is known of the occasion too."""

    segment: Segments | None = Field(
        None,
        description="only answers that a score counts under this value of a declared key, such as `store:nord`, at "
        "the touchpoints that declare it; also `locale:de`, `device:3`, `hour:14`, `weekday:1`, and two of them at "
        "once. It is told from the answers one by one, 20,000 for a page at most: a page may hold fewer than `limit`, "
        "even none, and `next_cursor` goes on",
    )


class AnswerQuery(SegmentedFilter):
    """Which answers, and which page of them."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=500)] | None = None


class HandlingIn(BaseModel):
    """How somebody takes care of a customer. An owner or a note that is left out stays; null empties it."""

    model_config = ConfigDict(extra="forbid")
    state: State
    owner: Annotated[str, Field(max_length=200, json_schema_extra=PLAIN), AfterValidator(plain_text)] | None = None
    note: Annotated[str, Field(max_length=2000, json_schema_extra=PLAIN), AfterValidator(plain_text)] | None = None


class HandlingOut(BaseModel):
    """How an answer is handled. `new` is set by itself for comments with a low rating or without one."""

    state: State
    owner: str | None
    note: str | None
    changed_at: datetime | None = Field(description="when somebody last said so; null: nobody has yet")


class OpenByAge(BaseModel):
    under_hours: int | None = Field(description="younger than this and not counted before; null: all older ones")
    count: int


class HandlingSummary(BaseModel):
    """How quickly customers are taken care of."""

    days: int
    handled: int = Field(description="how many were done within these days; 10,000 at most")
    median_hours: float | None = Field(description="from receiving an answer until it was done")
    open: dict[State, int]
    open_by_age: list[OpenByAge]


class StoredFeedback(FeedbackOut):
    """An answer with what is known around it."""

    locale: str | None
    respondent: str | None
    context: dict[str, Any] | None
    claimed_at: datetime | None = Field(description="the time the client gave, before any correction")
    scale: str = Field(description="what the touchpoint is rated on")
    handling: HandlingOut | None = Field(description="null: nobody needs to take care of this customer")


class StoredFeedbackList(BaseModel):
    items: list[StoredFeedback]
    next_cursor: str | None


class FlagsIn(BaseModel):
    """The flags the answer is to have: none, and it counts again."""

    model_config = ConfigDict(extra="forbid")
    flags: list[Flag] = Field(max_length=6)


class AnswerPatch(BaseModel):
    """What to change: the flags, how the customer is followed up, or both. `handling` null: as if nobody had."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})
    flags: list[Flag] = Field([], max_length=6, description="none, and it counts again; left out, they stay")
    handling: HandlingIn | None = None

    @model_validator(mode="after")
    def _something(self) -> "AnswerPatch":
        if not self.model_fields_set:
            raise ValueError("has nothing to change; give flags, handling, or both")
        return self


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
