"""What Prometheus reads of the mails, out of the database: the same whichever process is asked."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.mail.delivery import QUEUES
from app.models import Subscriber, now


def figures(session: Session) -> Iterator[Metric]:
    """How many mails wait and since when, and how many subscribers have no mailbox."""
    waits = [
        session.exec(select(func.count(), func.min(queue.created_at)).where(col(queue.due_at).is_not(None))).one()
        for queue in QUEUES
    ]
    bounced = session.exec(select(func.count()).where(col(Subscriber.bounced_at).is_not(None))).one()
    age = max((now() - oldest).total_seconds() if oldest else 0 for _, oldest in waits)
    waiting = sum(count for count, _ in waits)
    yield GaugeMetricFamily("touchstone_mail_waiting", "Mails that wait to be sent", waiting)
    yield GaugeMetricFamily("touchstone_mail_oldest_seconds", "Age of the oldest of them", age)
    yield GaugeMetricFamily("touchstone_mail_bounced", "Subscribers whose mails came back", bounced)
