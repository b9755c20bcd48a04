"""What an import is asked to do, by the mapping that its file is understood with."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from app.importer.layout import Layout
from app.importer.mapping import ADDRESSES, PLAIN, Mapping
from app.importer.preview import ratings_of
from app.importer.run import Wish
from app.secret import pseudonym


def hides_people(mapping: Mapping) -> bool:
    """Whether references to people become others, for which the service's secret is needed."""
    return mapping.columns.respondent is not None and mapping.respondents != PLAIN


def wish_of(mapping: Mapping, layout: Layout, secret: bytes, *, create: bool, dry_run: bool = False) -> Wish:
    """The wish; `create` is whether missing touchpoints are made."""
    zone = ZoneInfo(mapping.timezone) if mapping.timezone else None
    return Wish(
        scale=mapping.scale, create_touchpoints=create, zone=zone, dry_run=dry_run, undated=mapping.undated,
        layout=layout, ratings=ratings_of(mapping), day_first=mapping.day_first, person=_person(mapping, secret),
    )  # fmt: skip


def _person(mapping: Mapping, secret: bytes) -> Callable[[str], str]:
    """What becomes of a reference to a person."""
    if not hides_people(mapping):
        return str
    if mapping.respondents == ADDRESSES:
        return lambda cell: pseudonym(secret, cell) if "@" in cell else cell
    return lambda cell: pseudonym(secret, cell)
