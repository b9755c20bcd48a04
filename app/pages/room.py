"""What the pages that customers see bring to the application."""

from app.pages import aggregate, demo, docs, hosted, kiosk, render, widget
from app.rooms import Room

_PAGES = (widget, aggregate, hosted, demo, kiosk, render, docs)
ROOM = Room(tuple(page.router for page in _PAGES))
