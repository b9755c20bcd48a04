"""The dashboard's pages."""

from fastapi import APIRouter

from app.pages.dashboard import door, overview

router = APIRouter(include_in_schema=False)
for part in (door.router, overview.router):
    router.include_router(part)
