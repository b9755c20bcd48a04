"""Request and response bodies of /v1/subscribers."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from app.sanitize import PLAIN, plain_text
from app.scores.schemas import ToldSegment
from app.settings import MAIL_ADDRESS
from app.touchpoints.catalogue import LANGUAGES
from app.touchpoints.schemas import Slug, Tag, TimeZone, one_of

# People write an address in any case, and mean the same mailbox.
Email = Annotated[
    str,
    Field(max_length=254, pattern=f"^{MAIL_ADDRESS}$", description="in ASCII; another host name as xn--..."),
    AfterValidator(str.lower),
]
Language = Annotated[str, *one_of(LANGUAGES, "language")]
Touchpoints = Annotated[list[Slug], Field(max_length=200, description="keys")]
Tags = Annotated[list[Tag], Field(max_length=40)]
Owner = Annotated[
    str,
    Field(max_length=200, description="as touchpoints name theirs", json_schema_extra=PLAIN),
    AfterValidator(plain_text),
]
Segments = Annotated[
    list[ToldSegment],
    Field(
        max_length=200,
        description="such as `store:nord`: only alerts that name one of them, which are drops and rises that happened "
        "there; none for all. How many answers came and what was said is told of the whole touchpoints",
    ),
]
Digest = Literal["daily", "weekly", "monthly", "none"]
State = Literal["pending", "confirmed", "unsubscribed", "bounced"]


class SubscriberIn(BaseModel):
    """A person who is to be told by mail. Without touchpoints, tags and owner: of every touchpoint."""

    model_config = ConfigDict(extra="forbid")
    email: Email
    language: Language = "en"
    touchpoints: Touchpoints = []
    tags: Tags = []
    owner: Owner | None = None
    segments: Segments = []
    alerts: StrictBool = True
    digest: Digest = "weekly"
    timezone: TimeZone | None = Field(None, description="where it is morning; from the language when left out")


class SubscriberPatch(BaseModel):
    """What is left out stays. Another address is another subscriber, for it has to be confirmed."""

    model_config = ConfigDict(extra="forbid")
    language: Language | None = None
    touchpoints: Touchpoints | None = None
    tags: Tags | None = None
    owner: Owner | None = None
    segments: Segments | None = None
    alerts: StrictBool | None = None
    digest: Digest | None = None
    timezone: TimeZone | None = None


class Choice(BaseModel):
    """What somebody chooses for himself, on the page that his mails lead to."""

    language: Language
    alerts: bool
    digest: Digest


class SubscriberOut(BaseModel):
    """A person who is told by mail, and whether that works."""

    id: int
    email: str
    state: State = Field(description="`pending` until the link in the first mail was pressed")
    language: str
    touchpoints: list[str]
    tags: list[str]
    owner: str | None
    segments: list[str]
    alerts: bool
    digest: Digest
    timezone: str
    comments: bool = Field(description="whether the digest may quote customers: whoever added the person may read them")
    created_by: str
    created_at: datetime
    confirmed_at: datetime | None
    unsubscribed_at: datetime | None
    bounced_at: datetime | None
    digest_at: datetime | None = Field(description="when the next digest is due")
    sent_at: datetime | None = Field(description="when the last mail went out")
    problem: str | None = Field(description="why the last mail did not arrive, or has not yet")


class SubscriberList(BaseModel):
    items: list[SubscriberOut]
    next_cursor: str | None
