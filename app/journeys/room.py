"""What journeys bring to the application."""

from app.journeys import routes
from app.rooms import Room

ROOM = Room((routes.router,))
