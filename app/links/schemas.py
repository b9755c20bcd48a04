"""Request and response bodies of POST /v1/links."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from app.cooldown.asked import Because
from app.ingest.schemas import Context, Respondent
from app.links.token import extras_size
from app.touchpoints.schemas import Slug

RECIPIENTS_MAX = 1000
EXTRAS_MAX = (
    600  # bytes; with them the address still has fewer than 1,000 characters, which every mail program leaves whole
)
DAY = 24 * 3600


class Recipient(BaseModel):
    """Somebody who gets a mail. Nothing of this is stored until he answers; it travels in his links, open to read."""

    model_config = ConfigDict(extra="forbid")
    respondent: Respondent | None = Field(None, description="an opaque reference, never an address in clear")
    locale: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="the language of the mail, as a system names it; English when it is not spoken here"
    )
    context: Context | None = None

    @model_validator(mode="after")
    def _fits_in_a_link(self) -> "Recipient":
        if extras_size(self.respondent, self.context) > EXTRAS_MAX:
            raise ValueError(
                f"respondent and context travel in the link; let them have {EXTRAS_MAX} bytes at most, as JSON"
            )
        return self


class LinksIn(BaseModel):
    """Rating links for one touchpoint."""

    model_config = ConfigDict(extra="forbid")
    touchpoint: Slug
    recipients: list[Recipient] = Field(min_length=1, max_length=RECIPIENTS_MAX)
    respect_cooldown: StrictBool = Field(
        True,
        description="leave out whoever was asked too recently (TOUCHSTONE_ASK_EVERY_DAYS, and the touchpoint's "
        "`ask_every_days`); recipients without a respondent are never left out",
    )
    expires_in: Annotated[int, Field(ge=60, le=400 * DAY)] = Field(30 * DAY, description="seconds until the links end")


class RecipientLinks(BaseModel):
    """One recipient's links. Put `html` and `text` into their mail, or build your own around `urls`."""

    id: UUID = Field(description="of the answer that the link gives; there is none until somebody presses")
    respondent: str | None
    language: str
    url: str = Field(description="the page with nothing chosen yet")
    urls: dict[str, str] = Field(description="by rating: the page with this rating chosen")
    html: str
    text: str


class Skipped(BaseModel):
    """A recipient without links, and why."""

    respondent: str
    because: Because = Field(
        description="`bounced`: a mail by Touchstone found no mailbox. That and `unsubscribed` hold whatever "
        "`respect_cooldown` says"
    )


class LinksOut(BaseModel):
    """Links in the order of the recipients, and who gets none."""

    touchpoint: str
    expires_at: datetime
    items: list[RecipientLinks]
    skipped: list[Skipped]
