"""What is counted by the year: false alarms of silences, floods, tablets and journeys, each with the plain way."""

from collections.abc import Callable
from math import sqrt

from tests.simulations import floods, journey_drops, silences
from tests.simulations import tablets as tablets_
from tests.simulations.draws import World


def silence() -> int:
    """The table of silences: false ones a touchpoint-year, and days until answers that stopped are told of."""
    broken = 0
    print("\n| silence | bound | false a year | the plain way | told after |\n| --- | --- | --- | --- | --- |")
    for name, kind in silences.KINDS.items():
        for rate in (1, 2, 5, 20):
            told, plain = (
                silences.false_a_year(rule, rate, 200, 15, **kind) for rule in (silences.now_told, silences.naive)
            )
            wait = silences.days_until_told(silences.now_told, rate, 9, 16, **kind)
            broken += told > 0.25 + 3 * sqrt(0.25 / 200)
            print(f"| {name}, {rate} a day | 0.25 | {told:.2f} | {plain:.2f} | {wait:.1f} days |", flush=True)
    return broken


def flood() -> int:
    """The table of floods: false ones a touchpoint-year, and attacks of 30 answers in an hour that are told."""
    broken = 0
    print(
        "\n| flood: set aside a day | bound | false a year | the plain way | found |\n| --- | --- | --- | --- | --- |"
    )
    for rate in (0.2, 1, 5, 20):
        for extra in (0, 1, 4):
            told, plain = (floods.false_a_year(rule, rate, extra, 20) for rule in (floods.flood.limit, floods.naive))
            found = floods.found(rate, extra, 30, 20)
            bound = 2.0 if extra < 2 else None  # what comes in clusters is what it tells of
            broken += bool(bound and told > bound + 3 * sqrt(bound / 20))
            said = f"{rate:g} a day, variance/mean {1 + extra}"
            print(f"| {said} | {bound or ''} | {told:.2f} | {plain:.1f} | {100 * found:.0f} % |", flush=True)
    return broken


def tablets() -> int:
    """The table of tablets: those that work and are said to be silent, a year, and hours until a broken one is."""
    broken = 0
    print("\n| tablet | bound | false a year | the plain way | told after |\n| --- | --- | --- | --- | --- |")
    for closed in tablets_.CLOSED:
        for rate in (0.2, 1, 5, 20):
            rules = (tablets_.silence.is_tablet_silent, tablets_.naive)
            told, plain = (tablets_.false_a_year(rule, rate, closed, 20) for rule in rules)
            wait = tablets_.hours_until_told(rate, closed, 21)
            bound = 10.0 if "holidays" in closed else 0.25
            broken += told > bound + 3 * sqrt(bound / 17)
            print(f"| {closed}, {rate:g} a day | {bound:g} | {told:.2f} | {plain:.1f} | {wait} hours |", flush=True)
    return broken


def journey_drop() -> int:
    """The table of journeys that fall or rise: false ones where one a year is allowed, and how many are found.

    Both falls and rises are counted: the standard error of one a year is 0.14, of a half that is found 8 %.
    """
    broken, years, trials = 0, 24, 40
    print("\n| journey of five | bound | false a year | the plain way |\n| --- | --- | --- | --- |")
    for world in (World(10), World(10, 0.1, 0.5, week=True), World(50, 0.1, 0.5, week=True), World(50, 0.2)):
        for shared in (False, True) if world.tau else (False,):
            told, plain = journey_drops.false_a_year(world, years, shared=shared, each=2)
            broken += told > 1 + 3 * sqrt(1 / 2 / years)
            said = f"{world.rate:g} a day, tau {world.tau:g}, phi {world.phi:g}{', the same days' if shared else ''}"
            print(f"| {said} | 1 | {told:.2f} | {plain:.2f} |", flush=True)
    print("\n| all five fall | told of the journey | of a touchpoint |\n| --- | --- | --- |")
    for fall in (0.3, 0.4, 0.5):
        seen = journey_drops.sight(World(5, 0.1), trials, fall)
        print(f"| {fall:g} deviations | {100 * seen.journey:.0f} % | {100 * seen.touchpoint:.0f} % |", flush=True)
    return broken


TABLES: dict[str, Callable[[], int]] = {one.__name__: one for one in (silence, flood, tablets, journey_drop)}
