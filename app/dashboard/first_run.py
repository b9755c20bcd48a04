"""The first page of a service that measures nothing yet: the catalogue, to choose from."""

from itertools import groupby
from typing import Any

from app.touchpoints.catalogue import CATALOGUE, CONTACTS

STARTERS = {"online_shop", "order_process", "delivery", "customer_service", "invoice"}


def columns() -> list[dict[str, Any]]:
    """The kinds of the catalogue by phase, then by contact."""
    found = []
    for phase, kinds in groupby(CATALOGUE.values(), key=lambda kind: kind.phase):
        members = list(kinds)
        rows = [(contact, [kind for kind in members if kind.contact == contact]) for contact in CONTACTS]
        found.append({"phase": phase, "rows": [row for row in rows if row[1]]})
    return found
