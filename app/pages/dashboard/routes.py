"""The dashboard's pages."""

from fastapi import APIRouter

from app.pages.dashboard import comments, door, overview, touchpoint

router = APIRouter(include_in_schema=False)
for part in (door.router, overview.router, comments.router, touchpoint.router):
    router.include_router(part)
