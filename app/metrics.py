"""Prometheus figures of one process."""

import platform
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from app.descriptors import connections
from app.schema import head
from app.version import version

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
ROUTE_BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Durations:
    """How long requests of one route took."""

    __slots__ = ("by_bucket", "seconds")

    def __init__(self) -> None:
        self.by_bucket = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0


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
        self._routes: dict[str, Durations] = {}

    def note(self, method: str, status: int, seconds: float, route: str) -> None:
        """Count one request; `route` is the template of its path, empty where there is none."""
        self._requests[method if method in METHODS else "other", status] += 1
        if (durations := self._routes.get(route)) is None:
            durations = self._routes[route] = Durations()
        durations.by_bucket[bisect_left(BUCKETS, seconds)] += 1
        durations.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        requests = CounterMetricFamily(
            "touchstone_requests", "Requests by method and status", labels=["method", "status"]
        )
        for (method, status), count in self._requests.items():
            requests.add_metric([method, str(status)], count)
        yield requests
        yield from self._durations()
        build = GaugeMetricFamily("touchstone_build_info", "What runs here", labels=["version", "schema", "python"])
        build.add_metric([version(), head(), platform.python_version()], 1)
        yield build
        yield GaugeMetricFamily("touchstone_queue_depth", "Answers waiting for a commit", self.queue_depth)
        yield CounterMetricFamily(
            "touchstone_connections_refused", "Connections closed for want of file descriptors", connections.refused
        )
        if self.wal_bytes is not None:
            size = "Size of SQLite's write-ahead log; it grows while another program reads"
            yield GaugeMetricFamily("touchstone_sqlite_wal_bytes", size, self.wal_bytes)

    def _durations(self) -> Iterator[Metric]:
        """All requests by BUCKETS, and by route in fewer, for there are a hundred routes."""
        every = [sum(counts) for counts in zip(*(one.by_bucket for one in self._routes.values()), strict=True)]
        seconds = sum(one.seconds for one in self._routes.values())
        yield HistogramMetricFamily("touchstone_request_seconds", "Time to answer", _up_to(every, BUCKETS), seconds)
        name = "touchstone_request_duration_seconds"
        by_route = HistogramMetricFamily(name, "Time to answer by route", labels=["route"])
        for route, one in self._routes.items():
            by_route.add_metric([route or "none"], _up_to(one.by_bucket, ROUTE_BUCKETS), one.seconds)
        yield by_route


def _up_to(by_bucket: list[int], shown: tuple[float, ...]) -> list[tuple[str, float]]:
    """Prometheus' buckets: how many took so long or less. `shown` are some of BUCKETS."""
    found = list(accumulate(by_bucket or [0] * (len(BUCKETS) + 1)))
    return [*((str(bound), found[BUCKETS.index(bound)]) for bound in shown), ("+Inf", found[-1])]
