"""Prometheus figures of one process."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from app.descriptors import connections

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """What is counted. No label ever holds a key, an address or anything a customer typed.

    Plain counters, shaped for Prometheus when it asks: its own client takes two locks per request.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self.queue_depth = 0
        self.wal_bytes: int | None = None
        self._requests: Counter[tuple[str, int]] = Counter()
        self._by_bucket = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def note(self, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests[method if method in METHODS else "other", status] += 1
        self._by_bucket[bisect_left(BUCKETS, seconds)] += 1
        self._seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        requests = CounterMetricFamily(
            "touchstone_requests", "Requests by method and status", labels=["method", "status"]
        )
        for (method, status), count in self._requests.items():
            requests.add_metric([method, str(status)], count)
        yield requests
        up_to = list(zip([*map(str, BUCKETS), "+Inf"], accumulate(self._by_bucket), strict=True))
        yield HistogramMetricFamily("touchstone_request_seconds", "Time to answer", up_to, self._seconds)
        yield GaugeMetricFamily("touchstone_queue_depth", "Answers waiting for a commit", self.queue_depth)
        yield CounterMetricFamily(
            "touchstone_connections_refused", "Connections closed for want of file descriptors", connections.refused
        )
        if self.wal_bytes is not None:
            size = "Size of SQLite's write-ahead log; it grows while another program reads"
            yield GaugeMetricFamily("touchstone_sqlite_wal_bytes", size, self.wal_bytes)
