"""What is wrong with what the database holds: web pages that may not send, or too many that may; webhooks that fail."""

from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from app.models import Touchpoint, Webhook
from app.settings import Settings
from app.webhooks import address

Found = tuple[str, Literal["warning", "serious"], str]
NAMED = 5  # of each kind: a thousand lines tell nobody anything


def wrong(session: Session, chosen: Settings) -> list[Found]:
    """What there is to be told, each as check, level and what to do."""
    return [*_few(list(_origins(session))), *_few(list(_webhooks(session, chosen)))]


def _few(found: list[Found]) -> Iterator[Found]:
    yield from found[:NAMED]
    for check, level, _ in found[NAMED : NAMED + 1]:
        yield check, level, f"And {len(found) - NAMED} more."


def _origins(session: Session) -> Iterator[Found]:
    in_use = select(Touchpoint).where(col(Touchpoint.archived_at).is_(None)).order_by(col(Touchpoint.key))
    for row in session.exec(in_use):
        plain = [one for one in row.origins if one.startswith("http:") and not _is_here(one)]
        if "*" in row.origins:
            yield "origins", "warning", f"Any web page may send answers to {row.key}: name the sites in its origins."
        elif plain:
            yield "origins", "warning", f"{row.key} takes answers from {plain[0]}, where others can change them: https."


def _is_here(origin: str) -> bool:
    return urlsplit(origin).hostname in ("localhost", "127.0.0.1", "::1")


def _webhooks(session: Session, chosen: Settings) -> Iterator[Found]:
    for row in session.exec(select(Webhook).order_by(col(Webhook.id))):
        which = f"Webhook {row.id}"
        try:
            address.check(row.url, chosen.webhook_allow_networks)
        except address.Refused as refused:
            yield "webhooks", "serious", f"{which} is never called. {refused}"
            continue
        seen = f"GET /v1/webhooks/{row.id}/deliveries says more."
        if row.disabled_at:
            because = row.disabled_because or "somebody did so"
            yield "webhooks", "warning", f"{which} was switched off on {row.disabled_at:%F}: {because}. {seen}"
        elif row.failing_since:
            yield "webhooks", "warning", f"{which} has failed since {row.failing_since:%F %H:%M} UTC. {seen}"
