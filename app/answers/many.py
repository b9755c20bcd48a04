"""Flags of many answers at once: a whole flood is let count, or found to be none, with one request."""

from sqlmodel import Session, select

from app.answers import listing
from app.answers.schemas import AnswerFilter, ManyFlagsIn
from app.db import Database
from app.ingest import store
from app.models import Feedback, Touchpoint
from app.touchpoints.registry import by_key

AT_ONCE = 1000  # answers in one transaction: what comes in meanwhile does not wait for all of them


async def replace_flag(db: Database, said: ManyFlagsIn) -> int:
    """Put `flags` in the place of `flag`; how many answers changed. Problem touchpoint_unknown."""

    def work(session: Session) -> int:
        which = AnswerFilter(**said.model_dump(exclude={"flags"}), flagged=None if said.flag else False)
        keys = select(Feedback.touchpoint_id, Feedback.id).join(Touchpoint)
        found = session.exec(keys.where(*listing.conditions(session, which)).limit(AT_ONCE)).all()
        away, put = {said.flag}, set(said.flags)
        store.change_flags(session, found, lambda answer: " ".join(sorted(({*answer.flags.split()} - away) | put)))
        return len(found)

    if said.flag in said.flags or not (said.flag or said.flags):
        await db.read(lambda session: by_key(session, said.touchpoint))
        return 0
    changed = 0
    while some := await db.write(work):
        changed += some
    return changed
