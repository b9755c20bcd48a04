"""What the pages that customers see bring to the application."""

from app.pages import aggregate, demo, docs, hosted, kiosk, render, well_known, widget
from app.rooms import Room

_PAGES = (widget, aggregate, hosted, demo, kiosk, render, docs, well_known)
ROOM = Room(tuple(page.router for page in _PAGES))
