"""The tables. `touchpoint_id` leads every primary and unique key of the big ones, so that they can be sharded by it."""

from app.models.access import ApiKey, Device, EndedSession, Secret
from app.models.actions import Action, Review
from app.models.answers import (
    FLAGGED,
    WORDLESS,
    Erasure,
    Feedback,
    Handling,
)
from app.models.asking import Asked, AskedLately
from app.models.base import Table, index_of, json_column, now
from app.models.journeys import Journey, Stage
from app.models.mail import Letter, RatingMail, Subscriber
from app.models.monitoring import Alert, Monitoring
from app.models.rollup import Revision, Rollup
from app.models.segments import Segment, SegmentKey, SegmentPending, SegmentRollup, Split
from app.models.touchpoints import OwnScale, TargetRecord, Touchpoint
from app.models.uploads import Upload, UploadPiece
from app.models.webhooks import Delivery, Webhook

__all__ = [
    "FLAGGED",
    "WORDLESS",
    "Action",
    "Alert",
    "ApiKey",
    "Asked",
    "AskedLately",
    "Delivery",
    "Device",
    "EndedSession",
    "Erasure",
    "Feedback",
    "Handling",
    "Journey",
    "Letter",
    "Monitoring",
    "OwnScale",
    "RatingMail",
    "Review",
    "Revision",
    "Rollup",
    "Secret",
    "Segment",
    "SegmentKey",
    "SegmentPending",
    "SegmentRollup",
    "Split",
    "Stage",
    "Subscriber",
    "Table",
    "TargetRecord",
    "Touchpoint",
    "Upload",
    "UploadPiece",
    "Webhook",
    "index_of",
    "json_column",
    "now",
]
