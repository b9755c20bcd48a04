"""Files that somebody imports on the dashboard, until they are imported."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field

from app.models.base import Table, index_of, json_column, now


class Upload(Table, table=True):
    """A file, what it is understood to say, and how far its import is.

    `said` is the mapping as somebody corrected it; `found` what looking gave (see uploads/looking.py). While it
    is `running`, whichever process imports it writes its name into `runner` and the time into `seen_at` every few
    seconds; when that is long ago, another goes on. `stored` counts answers in the transactions that store them.
    """

    __table_args__ = (index_of("state = 'running'", "ix_upload_running", "seen_at"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=200)
    size: int = Field(sa_type=BigInteger)
    created_by: str = Field(max_length=200)
    created_at: datetime = Field(default_factory=now)
    state: str = Field(default="looked", max_length=8)  # looked, running, done, failed
    said: dict[str, Any] = json_column({})
    found: dict[str, Any] = json_column({})
    makes_touchpoints: bool = False
    runner: str | None = Field(default=None, max_length=40)
    seen_at: datetime | None = None
    ended_at: datetime | None = None
    tries: int = 0
    position: int = Field(default=0, sa_type=BigInteger)  # bytes that are read
    rows: int = Field(default=0, sa_type=BigInteger)
    stored: int = Field(default=0, sa_type=BigInteger)
    report: dict[str, Any] = json_column({})


class UploadPiece(Table, table=True):
    """A piece of a file: of the one that came (`file`), or of its refused rows (`refused`)."""

    __tablename__ = "upload_piece"
    upload_id: int = Field(foreign_key="upload.id", primary_key=True)
    kind: str = Field(primary_key=True, max_length=8)
    number: int = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)
