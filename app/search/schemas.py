"""Response bodies of /v1/search."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.actions.schemas import ActionOut
from app.answers.schemas import StoredFeedback
from app.monitoring.schemas import AlertOut


class FoundTouchpoint(BaseModel):
    key: str
    name: dict[str, str]
    owner: str | None
    archived_at: datetime | None


class _Found(BaseModel):
    count: int = Field(description="how many there are; 1,000 at most")


class TouchpointsFound(_Found):
    items: list[FoundTouchpoint]


class CommentsFound(_Found):
    items: list[StoredFeedback]


class AlertsFound(_Found):
    items: list[AlertOut]


class ActionsFound(_Found):
    items: list[ActionOut]


class SearchOut(BaseModel):
    """What was found, by kind; a kind that the key may not read is null."""

    q: str
    touchpoints: TouchpointsFound | None = Field(description="by name in any language, key, owner and tags")
    comments: CommentsFound | None = Field(description="the newest first")
    alerts: AlertsFound | None = Field(description="by touchpoint, kind and what was written below; the newest first")
    actions: ActionsFound | None = Field(description="by title, owner, note and touchpoints; the newest first")
