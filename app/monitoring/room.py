"""What monitoring brings to the application."""

from app.monitoring import routes
from app.rooms import Room

ROOM = Room((routes.router,))
