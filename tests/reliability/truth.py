"""What the database holds, compared with what the clients were told."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, select

from app.db import open_database, snapshot
from app.models import Feedback
from app.scores import rollup
from tests.reliability.load import Told


@dataclass
class Truth:
    """Rows by id, and how many cells of the rollup are not what the rows make them."""

    rows: dict[UUID, int | None]
    drift: int
    counted: int

    def missing(self, told: Told) -> int:
        """Acknowledged answers that are not there, or not as they were sent."""
        return sum(self.rows.get(number) != told.sent[number] for number in told.acknowledged)

    def doubled(self, told: Told) -> int:
        """Answers counted beyond what is stored, and rows that nobody sent."""
        return max(0, self.counted - len(self.rows)) + len(self.rows.keys() - told.sent.keys())


async def truth(url: str) -> Truth:
    """Read it with a connection of one's own."""
    db = open_database(url)

    def work(session: Session) -> Truth:
        with snapshot(session):
            return compare(session)

    def compare(session: Session) -> Truth:
        rows = {row.id: row.rating for row in session.exec(select(Feedback))}
        touchpoints = list(rollup.every_touchpoint(session))
        drift = sum(1 for row in touchpoints for _ in rollup.differences(session, row))
        cells = [rollup.stored(session, row).items() for row in touchpoints]
        counted = sum(
            counts[0]
            for held in cells
            for cell, counts in held
            if cell[1] == "total" and cell[4] != "asked" and "reason" not in cell[4]
        )
        return Truth(rows, drift, counted)

    try:
        return await db.read(work)
    finally:
        await db.close()
