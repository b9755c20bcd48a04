"""The dashboard's pages."""

from fastapi import APIRouter

from app.pages.dashboard import (
    bursts,
    comments,
    door,
    journey_edit,
    keys,
    live,
    manage,
    overview,
    paths,
    rushes,
    tablets,
    touchpoint,
)

router = APIRouter(include_in_schema=False)
for part in (
    door.router,
    overview.router,
    bursts.router,
    rushes.router,
    comments.router,
    manage.router,
    touchpoint.router,
    keys.router,
    live.router,
    tablets.router,
    paths.router,
    journey_edit.router,
):
    router.include_router(part)
