"""The counts that scores are read from."""

from sqlalchemy import BigInteger, Column, ForeignKey
from sqlmodel import Field

from app.models.base import Counts, Table


class Rollup(Counts, table=True):
    """How many answers have each rating, per touchpoint, time bucket, source and slice.

    `bucket` is the start of the touchpoint's local hour, day or month as seconds since 1970 (0 for the grain `total`).
    `slice` is `counted`, `reason:<key>` (counted answers that ticked it), `flag:<flag>` (excluded ones) or `asked`.
    """

    __table_args__ = ({"sqlite_with_rowid": False},)
    touchpoint_id: int = Field(sa_column=Column(ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False))
    grain: str = Field(primary_key=True, max_length=8)
    bucket: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    source: str = Field(primary_key=True, max_length=8)
    slice: str = Field(primary_key=True, max_length=80)


class Revision(Table, table=True):
    """Grows with every change to a touchpoint's answers; the ETag of a score is made from it."""

    touchpoint_id: int = Field(sa_column=Column(ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False))
    revision: int = Field(default=0, sa_type=BigInteger)
