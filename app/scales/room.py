"""What the scales bring to the application."""

from app.rooms import Room
from app.scales import routes

ROOM = Room((routes.router,))
