"""What the pages that managers see bring to the application."""

from app.dashboard import (
    actions,
    bursts,
    comments,
    devices,
    help_page,
    journey_edit,
    journeys,
    keys,
    live,
    login,
    overview,
    rushes,
    search,
    touchpoint,
    touchpoints,
)
from app.rooms import Room

_PAGES = (
    login,
    overview,
    bursts,
    rushes,
    comments,
    touchpoints,
    touchpoint,
    keys,
    live,
    devices,
    journeys,
    journey_edit,
    actions,
    search,
    help_page,
)
ROOM = Room(tuple(page.router for page in _PAGES))
