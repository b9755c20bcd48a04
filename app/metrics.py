"""Prometheus figures of one process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """What is counted. No label ever holds a key, an address or anything a customer typed."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "touchstone_requests", "Requests by method and status", ["method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "touchstone_request_seconds", "Time to answer", buckets=BUCKETS, registry=self.registry
        )
        self.queue = Gauge("touchstone_queue_depth", "Answers waiting for a commit", registry=self.registry)
        self._by_kind: dict[tuple[str, int], Counter] = {}

    def note(self, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        kind = (method, status)
        if kind not in self._by_kind:  # `labels` looks its child up under a lock each time
            known = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
            self._by_kind[kind] = self.requests.labels(known, status)
        self._by_kind[kind].inc()
        self.seconds.observe(seconds)
