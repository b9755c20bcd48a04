"""A place in a list as a range in words: among the 3 lowest, cannot be told apart. Pure."""

from app.dashboard.localized import Localized
from app.scores.segment_verdicts import Place


def place(one: Place | None, among: int, t: Localized) -> str:
    """What may be said of a place among so many; nothing of one that was not compared."""
    if one is None or among < 2:
        return ""
    first, last = one
    if (first, last) == (1, among):
        return str(t("place.any"))
    if first == 1:
        return str(_from_the_end(last, among, "lowest", "highest", t))
    if last == among:
        return str(_from_the_end(among + 1 - first, among, "highest", "lowest", t))
    return str(t("place.range", places=t.between(first, last), among=t.number(among)))


def _from_the_end(n: int, among: int, here: str, there: str, t: Localized) -> str:
    """Among the n at this end, or, where these are most of them, not among the others."""
    if 2 * n <= among or n == 1:
        return str(t(f"place.{here}", n=n))
    return str(t(f"place.not_{there}", n=among - n))
