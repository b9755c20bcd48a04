"""What the search brings to the application."""

from app.rooms import Room
from app.search import routes

ROOM = Room((routes.router,))
