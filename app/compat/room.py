"""What the doors for other services' clients bring to the application."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from app.compat import people, responses
from app.rooms import Room


def _with_suffix(router: APIRouter) -> APIRouter:
    """The routes once more with `.json` behind them, as the documentation of Delighted writes them."""
    for route in [each for each in router.routes if isinstance(each, APIRoute) and not each.path.endswith("}")]:
        path = route.path.removeprefix(router.prefix) + ".json"
        router.add_api_route(
            path, route.endpoint, methods=list(route.methods or ()), status_code=route.status_code,
            dependencies=route.dependencies, include_in_schema=False,
        )  # fmt: skip
    return router


ROOM = Room((_with_suffix(responses.router), _with_suffix(people.router)))
