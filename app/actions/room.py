"""What actions bring to the application."""

from app.actions import routes
from app.rooms import Room

ROOM = Room((routes.router,))
