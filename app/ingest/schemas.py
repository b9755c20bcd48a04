"""Request and response bodies of answers, strict and bounded; `lenient.py` keeps one whose side notes are not."""

import json
import math
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, FailFast, Field, StrictInt

from app.errors import Code, Place
from app.sanitize import PLAIN, plain_text
from app.timestamps import Time, written_out

COMMENT_MAX = 4000
BODY_MAX = 50_000  # 4,000 characters of four bytes each are 48,000 as a form or as escaped JSON
BATCH_BODY_MAX = 16 * 1024 * 1024
BATCH_MAX = 1000
CONTEXT_MAX = 2048
CONTEXT_ENTRIES, NAME_MAX, TEXT_MAX = 20, 60, 500
LOCALE = r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}$"


def _trimmed(value: str) -> str | None:
    return value.strip() or None


def _opaque(value: str) -> str:
    if "@" in value:
        raise ValueError("looks like an e-mail address; send an opaque reference, such as a hash of it")
    return value


def context_size(value: dict[str, Any]) -> int:
    """Characters of a context; a letter of Arabic is one like any other."""
    return len(json.dumps(value, ensure_ascii=False))


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if context_size(value) > CONTEXT_MAX:
        raise ValueError(f"is larger than {CONTEXT_MAX} characters; shorten or leave out some of it")
    return value


def fits_a_double(value: float) -> bool:
    """Whether a number is finite, and no whole number that readers of JSON cannot hold."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _number(value: float) -> float:
    if not fits_a_double(value):
        raise ValueError("is not a finite number; send one that a double holds, or null")
    return value


Comment = Annotated[
    str,
    Field(max_length=COMMENT_MAX, json_schema_extra=PLAIN),
    AfterValidator(plain_text),
    AfterValidator(_trimmed),
]
ShortText = Annotated[str, Field(max_length=TEXT_MAX, json_schema_extra=PLAIN), AfterValidator(plain_text)]
ContextName = Annotated[str, Field(max_length=NAME_MAX, json_schema_extra=PLAIN), AfterValidator(plain_text)]
Number = Annotated[int | float, AfterValidator(_number)]
Context = Annotated[
    dict[ContextName, ShortText | bool | Number | None],
    Field(max_length=CONTEXT_ENTRIES, json_schema_extra={"additionalProperties": False}),
    AfterValidator(_small),
]

Locale = Annotated[str, Field(pattern=LOCALE)]
Respondent = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra={"pattern": PLAIN["pattern"].replace("[^", "[^@")}),
    AfterValidator(plain_text),
    AfterValidator(_opaque),
]


class AnswerIn(BaseModel):
    """One answer: a rating on the touchpoint's scale, a comment, or both."""

    model_config = ConfigDict(extra="forbid")
    rating: StrictInt | None = Field(None, description="a whole number on the touchpoint's scale")
    comment: Comment | None = Field(None, description=f"text, at most {COMMENT_MAX} characters")
    reasons: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=6)] | None = None
    id: UUID | None = Field(None, description="made by the client (UUIDv7): the same id is the same answer")
    secret: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="random, kept by a browser: without a key only who sends it again may change this answer"
    )
    locale: Locale | None = None
    occurred_at: Time | None = Field(None, description="when the customer answered; now when left out")
    respondent: Respondent | None = Field(
        None, description="an opaque reference to the person, never an address in clear"
    )
    context: Context | None = Field(None, description="a few plain values, such as the page or the order's channel")
    website: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="leave it out: people cannot see this field, and robots fill it"
    )


class StrictQuery(BaseModel):
    """What a caller with a key may ask for beside the body."""

    strict: bool = Field(
        False, description="with a key: refuse an answer whose side notes cannot be used, instead of warning of them"
    )


class BatchItem(AnswerIn):
    """One answer of a batch, which also says where it belongs."""

    touchpoint: Annotated[str, Field(max_length=64)]


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999 in UTC; check the clock") from None


DeviceTime = Annotated[AwareDatetime, BeforeValidator(written_out), AfterValidator(_in_utc)]


class TabletItem(BatchItem):
    """One answer of a batch that a tablet sends. Its time may be wrong: it is put right, not refused."""

    id: UUID
    occurred_at: DeviceTime | None = Field(None, description="by the tablet's clock, right or wrong")
    age_s: Annotated[float, Field(ge=0, le=10**9)] | None = Field(
        None,
        description="seconds since the answer, for a tablet whose clock was set in between; counts before occurred_at",
    )


class Batch(BaseModel):
    """Up to 1,000 answers. Each is taken or refused for itself."""

    model_config = ConfigDict(extra="forbid")
    sent_at: DeviceTime | None = Field(
        None,
        description="the tablet's clock when it sends, to put it right; as NDJSON, the header Touchstone-Sent-At",
    )
    items: Annotated[list[Any], Field(max_length=BATCH_MAX, description="answers, each as BatchItem")]


class GoodBatch(Batch):
    """A batch without a bad item: read in one go, which takes half the time."""

    items: Annotated[list[BatchItem], FailFast(), Field(max_length=BATCH_MAX)]


class GoodTabletBatch(Batch):
    """The same from a tablet."""

    items: Annotated[list[TabletItem], FailFast(), Field(max_length=BATCH_MAX)]


class FeedbackOut(BaseModel):
    """A stored answer, as its sender gets it back."""

    id: UUID
    touchpoint: str
    rating: int | None
    comment: str | None
    reasons: list[str]
    source: str
    occurred_at: datetime
    received_at: datetime
    flags: list[str] = Field(description="why it does not count in scores; empty when it does")


WARNINGS = (
    "side notes (context, reasons, locale ...) that were cut, cleaned or left out so that the answer could be kept"
)


class TakenFeedback(FeedbackOut):
    """A stored answer, as the request that sent it is answered."""

    warnings: list[Place] = Field(description=WARNINGS)


class ItemError(BaseModel):
    """Why one item of a batch was refused."""

    code: Code
    detail: str
    errors: list[Place]


class ItemResult(BaseModel):
    index: int
    id: UUID | None
    status: Literal["created", "duplicate", "updated", "rejected"]
    error: ItemError | None = None
    warnings: list[Place] = Field([], description=WARNINGS)


class BatchResult(BaseModel):
    results: list[ItemResult]
    created: int
    duplicate: int
    updated: int
    rejected: int
