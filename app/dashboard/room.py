"""What the pages that managers see bring to the application."""

from app.dashboard import (
    actions,
    alerts,
    bursts,
    comments,
    devices,
    help_page,
    journey_edit,
    journeys,
    keys,
    live,
    login,
    map_page,
    rushes,
    search,
    segment_keys,
    segments,
    today,
    touchpoint,
    touchpoints,
    webhooks,
)
from app.rooms import Room

_PAGES = (
    login,
    today,
    map_page,
    bursts,
    rushes,
    comments,
    touchpoints,
    touchpoint,
    keys,
    live,
    devices,
    webhooks,
    journeys,
    journey_edit,
    actions,
    alerts,
    search,
    segments,
    segment_keys,
    help_page,
)
ROOM = Room(tuple(page.router for page in _PAGES))
