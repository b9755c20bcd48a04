"""What clients made for Delighted send. Fields that mean nothing here are let pass, for they send all they know."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StrictInt

from app.sanitize import plain_text

DELAY_MAX = 365 * 86_400  # seconds
LATEST = 7_258_118_399  # the end of the year 2199
Seconds = Annotated[int, Field(ge=0, le=LATEST)]
Text = Annotated[str, Field(max_length=500), AfterValidator(plain_text)]
Properties = Annotated[dict[Text, Any], Field(max_length=100)]


class PersonIn(BaseModel):
    """Somebody to be asked; an address or a telephone number tells who it is."""

    email: Text | None = None
    phone_number: Text | None = None
    name: Text | None = None
    send: bool | None = None
    channel: Annotated[str, Field(max_length=40)] = "email"
    delay: Annotated[int, Field(ge=0, le=DELAY_MAX)] = 0
    properties: Properties | None = None


class ResponseIn(BaseModel):
    """An answer that was given elsewhere. `person` is the id that POST /people answered with, or one of your own."""

    person: Text | StrictInt
    score: StrictInt
    comment: str | None = None
    person_properties: Properties | None = None
    tags: list[Text] | None = None
    created_at: Seconds | None = None


class ResponsePatch(BaseModel):
    """What of an answer changes."""

    score: StrictInt | None = None
    comment: str | None = None
    person_properties: Properties | None = None
    tags: list[Text] | None = None


class UnsubscribeIn(BaseModel):
    """Somebody who is to be asked no more."""

    person_id: Text | StrictInt | None = None
    person_email: Text | None = None
    person_phone_number: Text | None = None


class Listing(BaseModel):
    """Which answers, oldest first unless `order` begins with desc."""

    per_page: Annotated[int, Field(ge=1, le=100)] = 20
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    since: Seconds | None = None
    until: Seconds | None = None
    updated_since: Seconds | None = None
    updated_until: Seconds | None = None
    order: Annotated[str, Field(max_length=40)] = "asc"
    person_id: Text | None = None
    person_email: Text | None = None
    expand: Annotated[list[Annotated[str, Field(max_length=40)]], Field(alias="expand[]", max_length=10)] = []


class Window(BaseModel):
    """Which time the figures are of."""

    since: Seconds | None = None
    until: Seconds | None = None
