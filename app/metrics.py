"""Prometheus figures: what is counted, and how the numbers of several processes become one."""

import platform
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlmodel import Session

from app.descriptors import connections
from app.figures import Figures, Key
from app.outage import outage
from app.schema import head
from app.version import version

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
ROUTE_BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5)
SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NS = 10**9
_SUM = len(BUCKETS) + 1  # where a block of times has their sum
UNKNOWN = -1  # of a gauge that has no value now
_ALL, _BY_ROUTE = "touchstone_request_seconds", "touchstone_request_duration_seconds"
Join = Callable[[Iterable[int]], int]


@dataclass(frozen=True, slots=True)
class Kind:
    """A metric. A gauge counts only of processes that live, and `join` makes one number of theirs."""

    said: str
    labels: tuple[str, ...] = ()
    gauge: Join | None = None
    buckets: tuple[float, ...] = ()  # of a histogram: cells up to each, beyond, and the sum
    shown: tuple[float, ...] = ()  # those of the buckets that Prometheus is told
    unit: int = 1  # of a cell, as a fraction


_timed = partial(Kind, buckets=BUCKETS, unit=NS)
KINDS: dict[str, Kind] = {
    "touchstone_requests_total": Kind("Requests by method and status", ("method", "status")),
    _BY_ROUTE: _timed("Time to answer by route", ("route",), shown=ROUTE_BUCKETS),
    _ALL: _timed("Time to answer"),
    "touchstone_refusals_total": Kind("Requests that were refused, by the code of the problem", ("code",)),
    "touchstone_answers_total": Kind("Answers that came in, by source and what became of them", ("source", "outcome")),
    "touchstone_batch_answers": Kind("Answers that were committed together", buckets=SIZES),
    "touchstone_commit_seconds": _timed("Time to write and commit them"),
    "touchstone_queue_depth": Kind("Answers waiting for a commit", gauge=sum),
    "touchstone_database_unavailable": Kind("Processes that the database fails now", gauge=sum),
    "touchstone_replica_used": Kind("Processes that read from the replica now", gauge=sum),
    "touchstone_replica_lag_seconds": Kind("How far the replica is behind", gauge=max),
    "touchstone_sqlite_wal_bytes": Kind(
        "Size of SQLite's write-ahead log; it grows while another program reads", gauge=max
    ),
    "touchstone_connections_refused_total": Kind("Connections closed for want of file descriptors"),
    "touchstone_processes": Kind("Processes that serve together", gauge=sum),
    "process_cpu_seconds_total": Kind("Processor time of all processes", unit=NS),
    "process_resident_memory_bytes": Kind("Memory that all processes hold", gauge=sum),
    "process_virtual_memory_bytes": Kind("Addresses that all processes have reserved", gauge=sum),
    "process_open_fds": Kind("File descriptors that are open in all processes", gauge=sum),
    "process_max_fds": Kind("File descriptors that all processes may open", gauge=sum),
    "process_start_time_seconds": Kind("When the oldest process started, since 1970", gauge=min, unit=1000),
}


class Metrics:
    """What is counted. No label ever holds a key, an address or anything a customer typed.

    Plain numbers, shaped for Prometheus when it asks: its own client takes two locks per request.
    `gauges` are looked at and `counters` are counted up by the difference when Prometheus asks, and each second where
    there are other processes that it may ask. `stored` are metrics out of the database, the same for all processes.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.figures = Figures(folder)
        self.gauges: dict[str, Callable[[], float | None]] = {
            "touchstone_processes": lambda: 1,
            "touchstone_database_unavailable": lambda: outage.is_on,
        }
        self.counters: dict[str, Callable[[], float]] = {
            "touchstone_connections_refused_total": lambda: connections.refused
        }
        self.stored: list[Callable[[Session], Iterable[Metric]]] = []
        self._process = ProcessCollector(registry=None)
        self._seen: dict[str, int] = {}
        self._cells = self.figures.cells
        self._requests, self._routes = self._slots("touchstone_requests_total"), self._slots(_BY_ROUTE)
        self._refusals, self._answers = (
            self._slots("touchstone_refusals_total"),
            self._slots("touchstone_answers_total"),
        )

    def _slots(self, name: str) -> "_Slots":
        return _Slots(self.figures, name)

    def note(self, method: str, status: int, seconds: float, route: str) -> None:
        """Count one request; `route` is the template of its path, empty where there is none."""
        cells, block = self._cells, self._routes[route or "none"]
        cells[self._requests[method if method in METHODS else "other", status]] += 1
        cells[block + bisect_left(BUCKETS, seconds)] += 1
        cells[block + _SUM] += int(seconds * NS)

    def refused(self, code: str) -> None:
        """Count a request that was answered with a problem."""
        self._cells[self._refusals[code]] += 1

    def committed(self, answers: Counter[tuple[str, str]], seconds: float) -> None:
        """Count a batch: how many answers came from each source, with what became of them."""
        for one, count in answers.items():
            self._cells[self._answers[one]] += count
        self._time(self.figures.block(len(SIZES) + 2, "touchstone_batch_answers"), SIZES, answers.total(), 1)
        self._time(self.figures.block(len(BUCKETS) + 2, "touchstone_commit_seconds"), BUCKETS, seconds, NS)

    def _time(self, at: int, buckets: tuple[float, ...], value: float, unit: int) -> None:
        self._cells[at + bisect_left(buckets, value)] += 1
        self._cells[at + len(buckets) + 1] += int(value * unit)

    def look(self) -> None:
        """Bring the gauges and what is counted elsewhere into the cells, where every process sees them."""
        process = {one.name: one.value for family in self._process.collect() for one in family.samples}
        looks = {**self.gauges, **self.counters}
        for name, value in (*process.items(), *((name, look()) for name, look in looks.items())):
            if kind := KINDS.get(name):
                self._set(name, kind, UNKNOWN if value is None else int(value * kind.unit))

    def _set(self, name: str, kind: Kind, number: int) -> None:
        """Set a gauge; let a counter grow by as much as it did in this process, for its cell may be another's heir."""
        cell = self.figures.block(1, name)
        self._cells[cell] = number if kind.gauge else self._cells[cell] + number - self._seen.get(name, 0)
        self._seen[name] = number

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads, over all processes."""
        self.look()
        joined = self._joined()
        routes = [numbers for key, numbers in joined.items() if key[0] == _BY_ROUTE]
        joined[(_ALL,)] = [sum(cells) for cells in zip(*routes, strict=True)]
        for name, kind in KINDS.items():
            family = _family(name, kind)
            for key, numbers in joined.items():
                if key[0] == name and numbers:
                    _add(family, kind, key[1:], numbers)
            if family.samples:
                yield family
        build = GaugeMetricFamily("touchstone_build_info", "What runs here", labels=["version", "schema", "python"])
        build.add_metric([version(), head(), platform.python_version()], 1)
        yield build

    def _joined(self) -> dict[Key, list[int]]:
        """One row of numbers for each key; of a gauge only those of processes that live and know it."""
        found: dict[Key, list[Sequence[int]]] = {}
        for lives, blocks in self.figures.all():
            for key, numbers in blocks.items():
                if not KINDS[key[0]].gauge or (lives and numbers[0] != UNKNOWN):
                    found.setdefault(key, []).append(numbers)
        joins = {name: kind.gauge or sum for name, kind in KINDS.items()}
        return {key: [joins[key[0]](cells) for cells in zip(*rows, strict=True)] for key, rows in found.items()}


def text(found: Iterable[Metric]) -> bytes:
    """Metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Collected(found))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


class _Slots(dict[Any, int]):
    """Where the cells of a metric with this label, or these, begin; made when they are first counted."""

    def __init__(self, figures: Figures, name: str) -> None:
        self._figures, self._name = figures, name
        self._size = len(KINDS[name].buckets) + 2 if KINDS[name].buckets else 1

    def __missing__(self, said: Any) -> int:
        labels = said if isinstance(said, tuple) else (said,)
        found = self[said] = self._figures.block(self._size, self._name, *map(str, labels))
        return found


def _family(name: str, kind: Kind) -> Any:
    if kind.buckets:
        return HistogramMetricFamily(name, kind.said, labels=kind.labels)
    make = GaugeMetricFamily if kind.gauge else CounterMetricFamily
    return make(name, kind.said, labels=kind.labels)


def _add(family: Any, kind: Kind, labels: Key, numbers: Sequence[int]) -> None:
    if kind.buckets:
        *counts, total = numbers
        family.add_metric(labels, _up_to(counts, kind), total / kind.unit)
    else:
        family.add_metric(labels, numbers[0] / kind.unit if kind.unit > 1 else numbers[0])


def _up_to(counts: Sequence[int], kind: Kind) -> list[tuple[str, float]]:
    """Prometheus' buckets: how many took so long or less."""
    found = list(accumulate(counts))
    shown = kind.shown or kind.buckets
    return [*((str(bound), found[kind.buckets.index(bound)]) for bound in shown), ("+Inf", found[-1])]
