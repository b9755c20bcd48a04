"""Three things that customers said: two of the unhappiest, and one that was glad. As words only."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from app.mail.changes import name_of
from app.mail.draw import line_of
from app.mail.language import Say
from app.mail.period import Period
from app.mail.writing import Links, Quote
from app.models import Feedback, Touchpoint
from app.pages.choices import is_numbered, word
from app.pages.i18n import messages
from app.touchpoints.scales import scale_of
from app.webhooks.chats import inert

TEXT_MOST = 280  # characters; the whole text is behind the link
LOOKED_AT = 300  # of the newest comments
_WORDS_LEAST = 4  # "ok" says little


def three(session: Session, period: Period, say: Say, links: Links) -> list[Quote]:
    """Two low ones and a high one; where there are none of a kind, others, up to three in all."""
    rows = _comments(session, period)
    low = [row for row in rows if _is_low(row, period)]
    high = [row for row in rows if _is_high(row, period)]
    rest = [row for row in rows if row not in low[:2] and row not in high[:1]]
    chosen = [*low[:2], *high[:1], *rest][:3]
    return [_quote(row, period, say, links) for row in sorted(chosen, key=lambda row: not _is_low(row, period))]


def _comments(session: Session, period: Period) -> Sequence[Feedback]:
    """The newest that count, those of a few words last."""
    wanted: list[Any] = [
        col(Feedback.comment).is_not(None),
        col(Feedback.flags) == "",
        col(Feedback.source) != "import",
        col(Feedback.occurred_at) >= period.since,
        col(Feedback.occurred_at) < period.until,
        col(Feedback.touchpoint_id).in_(list(period.by_id)),
    ]
    rows = session.exec(select(Feedback).where(*wanted).order_by(col(Feedback.occurred_at).desc()).limit(LOOKED_AT))
    return sorted(rows, key=lambda row: len((row.comment or "").split()) < _WORDS_LEAST)


def _is_low(row: Feedback, period: Period) -> bool:
    return row.rating is not None and row.rating in scale_of(period.by_id[row.touchpoint_id]).poor


def _is_high(row: Feedback, period: Period) -> bool:
    return row.rating is not None and scale_of(period.by_id[row.touchpoint_id]).height(row.rating) == 1


def _quote(row: Feedback, period: Period, say: Say, links: Links) -> Quote:
    place = period.by_id[row.touchpoint_id]
    return Quote(
        text=inert(row.comment or "", TEXT_MOST),
        said=", ".join([*_rated(row, place, say), name_of(place, say)]),
        url=f"{links.touchpoint(place.key)}#comments",
        low=_is_low(row, period),
        language=row.locale,
    )


def _rated(row: Feedback, place: Touchpoint, say: Say) -> list[str]:
    """The rating as people say it: "1 of 5"; of faces and thumbs the word."""
    scale = scale_of(place)
    if row.rating is None:
        return []
    if not is_numbered(scale):
        return [line_of(word(scale, row.rating, messages("customer", say.language)))]
    return [say("rated", rating=row.rating, high=scale.high)]
