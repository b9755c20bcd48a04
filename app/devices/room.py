"""What tablets bring to the application."""

from app.devices import routes
from app.rooms import Room

ROOM = Room((routes.router,))
