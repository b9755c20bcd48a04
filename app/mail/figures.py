"""What Prometheus reads of the mails, out of the database: the same whichever process is asked."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import Letter, Subscriber, now


def figures(session: Session) -> Iterator[Metric]:
    """How many letters wait and since when, and how many subscribers have no mailbox."""
    waits = select(func.count(), func.min(Letter.created_at)).where(col(Letter.due_at).is_not(None))
    waiting, oldest = session.exec(waits).one()
    bounced = session.exec(select(func.count()).where(col(Subscriber.bounced_at).is_not(None))).one()
    age = (now() - oldest).total_seconds() if oldest else 0
    yield GaugeMetricFamily("touchstone_mail_waiting", "Mails that wait to be sent", waiting)
    yield GaugeMetricFamily("touchstone_mail_oldest_seconds", "Age of the oldest of them", age)
    yield GaugeMetricFamily("touchstone_mail_bounced", "Subscribers whose mails came back", bounced)
