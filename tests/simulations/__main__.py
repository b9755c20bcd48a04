"""What the claims of docs/numbers.md are worth: `python -m tests.simulations`, some minutes, from fixed seeds.

Prints a table with the bound of each claim, what was measured, the plain way as a control, and how often a claim is
made where there is something to find. Ends with an error when a claim is wrong more often than its bound and three
standard errors, or when the control of a claim is nowhere beyond it. Names of claims as arguments: only these.
"""

import sys
from collections.abc import Callable, Iterator
from math import sqrt
from typing import NamedTuple

from tests.simulations import (
    claims,
    drops,
    effect,
    ends,
    hours,
    journeys,
    pages,
    ranks,
    responses,
    segments,
    terms,
    where_it_fell,
)
from tests.simulations.claims import Rates
from tests.simulations.draws import World
from tests.simulations.tables import TABLES

ALIKE = ((0, 0), (0.1, 0), (0.1, 0.5), (0.2, 0), (0.2, 0.5))
FEWER = ((0, 0), (0.1, 0.5), (0.2, 0))
FRESH = 2080  # a seed on which nothing was chosen: the estimate behind intervals and changes was, on 1 and 2
FEW = ((1, 5), (5, 5), (1, 1000), (10, 10), (10, 1000))


class Row(NamedTuple):
    """One situation: per cent wrong as it is said, the plain way, and found; of how many trials."""

    situation: str
    bound: float
    measured: float
    plain: float
    found: float | None
    trials: int

    @property
    def holds(self) -> bool:
        return self.measured <= self.bound + 300 * sqrt(self.bound / 100 * (1 - self.bound / 100) / self.trials)


Rows = Iterator[Row]


def _row(situation: str, found: Rates, trials: int, bound: float = 5.0) -> Row:
    return Row(situation, bound, found.wrong, found.plain, found.power if found.power == found.power else None, trials)


def _days(world: World) -> str:
    return f"{world.rate:g} a day, tau {world.tau:g}, phi {world.phi:g}"


def _worlds(rates: tuple[int, ...], alike: tuple[tuple[float, float], ...], *, week: bool = False) -> list[World]:
    return [World(rate, tau, phi, week=week) for rate in rates for tau, phi in alike]


def change() -> Rows:
    for world in _worlds((5, 50, 500), ALIKE, week=True):
        yield _row(_days(world), claims.trend(world, 2000, FRESH), 2000)


def interval() -> Rows:
    """Wrong: the interval leaves the level out."""
    for world in _worlds((5, 50, 500), ALIKE):
        held, plain = claims.coverage(world, 2000, FRESH)
        yield Row(_days(world), 5.0, 100 - held, 100 - plain, None, 2000)


def mail_moves() -> Rows:
    for rate in (4, 11, 54):
        found, told = claims.mix(rate, 300)
        yield _row(f"{rate} a day, mail from 20 to 50 %", found._replace(power=told), 300)


def few_answers() -> Rows:
    for metric, sizes in ((metric, sizes) for metric in ("csat", "nps") for sizes in FEW):
        yield _row(f"{metric}, {sizes[0]} against {sizes[1]}", claims.few(metric, *sizes, 2000), 2000)


def screen() -> Rows:
    for tau, phi in FEWER:
        yield _row(f"50 of 2 to 200 a day, tau {tau:g}, phi {phi:g}", claims.page(tau, phi, 60), 60)


def touchpoint_page() -> Rows:
    """All kinds of claims of one page; plainly: each kind by itself."""
    for world in _worlds((5, 50, 500), ALIKE):
        yield _row(_days(world), pages.of(world, 400), 400)


def target() -> Rows:
    for world in _worlds((5, 50, 500), ALIKE, week=True):
        found = claims.target(world, 1000)
        yield Row(f"{_days(world)}: on any day", 5.0, found.early, found.plain, found.power, 1000)
        yield Row(f"{_days(world)}: at the end", 5.0, found.end, found.plain, None, 1000)


def stages() -> Rows:
    for world in _worlds((5, 50, 500), ALIKE):
        for among in (6, 12):
            yield _row(f"{among} equal, {_days(world)}", journeys.stages(world, among, 400), 400)


def sources() -> Rows:
    for world in _worlds((5, 50, 500), ALIKE):
        yield _row(_days(world), journeys.sources(world, 300), 300)
    for world in _worlds((50, 500), ((0.1, 0), (0.2, 0.5))):
        found = journeys.sources(world, 300, campaigns=True)
        yield _row(f"{_days(world)}, mail once a fortnight", found, 300)


def mix() -> Rows:
    for rate in (5, 50, 500):
        for dispersed, phi in ((1.0001, 0.0), (2, 0.0), (5, 0.0), (5, 0.5)):
            found = journeys.mix(rate, dispersed, phi, 1500)
            yield _row(f"{rate} a day, variance/mean {dispersed:.0f}, phi {phi:g}", found, 1500)
        yield _row(f"{rate} a day, mail once a fortnight", journeys.mix(rate, 2, 0, 1500, campaigns=True), 1500)


def mix_blamed() -> Rows:
    for rate, dispersed, fall in ((5, 5, 0.2), (50, 1.0001, 0.1), (50, 5, 0.1), (50, 10, 0.1), (500, 5, 0.05)):
        found = journeys.blamed(rate, dispersed, fall, 800)
        yield _row(f"{rate} a day, variance/mean {dispersed:.0f}, all fall by {fall:g}", found, 800)
    for dispersed, fall in ((1.0001, 0.1), (3, 0.08), (5, 0.15)):
        found = journeys.whole_blamed(World(20), dispersed, fall, 400)
        yield _row(f"a journey of 4, 20 a day, variance/mean {dispersed:.0f}, all fall by {fall:g}", found, 400)


def journey_moves() -> Rows:
    for world in _worlds((5, 50, 500), ALIKE):
        yield _row(_days(world), journeys.changes(world, 150), 150)


def order() -> Rows:
    for world in _worlds((5, 50, 500), ALIKE):
        yield _row(f"8 equal, {_days(world)}", ranks.order(world, 400), 400)
    for share in (0.98, 0.99):
        yield _row(f"8 equal, {1 - share:.0%} low, 50 a day", ranks.order(World(50), 400, share=share), 400)


def response() -> Rows:
    """Wrong: the interval leaves the rate out."""
    for asked in (20, 100, 1000):
        for share in (0.05, 0.3):
            yield _row(f"{asked} asked, {share:.0%} answer", responses.interval(asked, share, 20_000), 20_000)


def action() -> Rows:
    for name, world in effect.WORLDS.items():
        none, helped = effect.shares(world, 100, 131), effect.shares(world, 40, 132, 0.36)
        plain = none["naive better"] + none["naive worse"]
        yield Row(name, 5.0, none["better"] + none["worse"], plain, helped["better"], 100)


def hour() -> Rows:
    for world in _worlds((5, 50, 500), ALIKE):
        yield _row(_days(world), hours.standing_out(world, 200), 200)


def words() -> Rows:
    for comments, trials in ((60, 200), (300, 200), (2000, 100)):
        yield _row(f"{comments} comments, words at random", terms.listed(comments, trials), trials)


def stores() -> Rows:
    """20 segments of a touchpoint; the last rows with three that are lower."""
    for tau, on, low, shape in (
        *((tau, 30, 0, "skew") for tau in (0.0, 0.1, 0.2)),
        *((0.1, 30, 0, "top"), (0.1, 3, 0, "skew"), (0.2, 3, 0, "skew")),
        *((tau, 30, 3, "skew") for tau in (0.0, 0.1, 0.2)),
    ):
        situation = f"20 stores, {on} days of their own, tau {tau:g}, {shape}, {low} lower"
        yield _row(situation, segments.stores(tau, 400, low=low, on=on, shape=shape), 400)


def pooled() -> Rows:
    """20 segments over four touchpoints of different levels, each in another mix: verdicts, then places."""
    for tau, low, places in ((0.0, 0, False), (0.1, 0, False), (0.2, 3, False), (0.1, 0, True), (0.1, 3, True)):
        situation = f"20 stores at 4 touchpoints, tau {tau:g}, {low} lower, {'places' if places else 'verdicts'}"
        yield _row(situation, segments.mixed(tau, 400, low=low, places=places), 400)


def drop_ends() -> Rows:
    """Wrong: a drop that was told ends within 24 days although the level stays low; found: the level came back."""
    for fall in (0.5, 0.4):
        found, plain = (ends.of(rule, 60, fall) for rule in (ends.in_use, ends.naive))
        back = None if found.wait is None else 100.0
        said = f"{fall:g} deviations, 50 a day; over {found.wait} days after the return in the median"
        yield Row(said, 5.0, 100 * found.false, 100 * plain.false, back, 60)


def drop_stores() -> Rows:
    """On the day on which a drop is told; wrong: one of ten stores is named that did not fall."""
    for rate, tau in ((6, 0.0), (6, 0.1), (6, 0.2), (15, 0.1), (15, 0.2)):
        found = where_it_fell.named(World(rate, tau), 300, low=5, fall=0.8)
        yield _row(f"5 of 10 stores 0.8 lower, {rate} a day each, tau {tau:g}", found, 300)


def drop_levels() -> Rows:
    """Wrong: the interval of the level before, or after, a drop that is told leaves it out; after has a control."""
    for world, fall in ((World(50), 0.5), (World(50, 0.1, 0.5), 0.5), (World(500, 0.2), 0.5), (World(8), 0.8)):
        held = drops.coverage(world, fall, 600)
        yield Row(f"before, {fall:g} deviations, {_days(world)}", 5.0, 100 - held.before, 100 - held.plain, None, 600)
        yield Row(f"after, {fall:g} deviations, {_days(world)}", 5.0, 100 - held.after, 100 - held.plain, None, 600)


CLAIMS: dict[str, Callable[[], Rows]] = {
    claim.__name__: claim
    for claim in (
        *(change, interval, mail_moves, few_answers, screen, touchpoint_page, target, stages, sources, hour, mix),
        *(
            mix_blamed,
            journey_moves,
            order,
            words,
            response,
            action,
            stores,
            pooled,
            drop_ends,
            drop_stores,
            drop_levels,
        ),
    )
}


def main(wanted: list[str]) -> int:
    """Print the table; how many claims do not hold."""
    broken = 0
    print("| claim | situation | bound | said, wrong | the plain way | found |\n| --- | --- | --- | --- | --- | --- |")
    for name in wanted or [*CLAIMS, *TABLES]:
        if name in TABLES:
            broken += TABLES[name]()
            continue
        beyond = False
        for row in CLAIMS[name]():
            found = "" if row.found is None else f"{row.found:.0f} %"
            said = f"{row.measured:.1f} %" + ("" if row.holds else " BEYOND")
            cells = (name.replace("_", " "), row.situation, f"{row.bound:g} %", said, f"{row.plain:.1f} %", found)
            print(f"| {' | '.join(cells)} |", flush=True)
            broken += not row.holds
            beyond = beyond or row.plain > row.bound
        if not beyond:
            print(f"{name}: the control does not fail anywhere", flush=True)
            broken += 1
    return broken


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
