"""Who was asked, for the response rate and for the cool-down."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field

from app.models.base import Table


class Asked(Table, table=True):
    """How many customers a tablet asked within an hour, as it last reported: only what is more counts anew."""

    touchpoint_id: int = Field(sa_column=Column(ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False))
    device_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: UUID = Field(primary_key=True)
    n: int


class AskedLately(Table, table=True):
    """Until when somebody is left in peace, at one touchpoint or (0) at all. `hash` is keyed, of his reference."""

    __tablename__ = "asked_lately"
    __table_args__ = (Index("ix_asked_lately_again", "again_at"),)
    hash: str = Field(primary_key=True, max_length=32)
    touchpoint_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    again_at: datetime
