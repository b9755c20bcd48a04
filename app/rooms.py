"""A room: one folder of the product, with what it serves and what it starts and stops."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.datastructures import State

from app.settings import Settings

Running = Callable[[State, Settings], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Room:
    """`running` puts what lives as long as the application into its state, starts it, and stops it in the end.

    The routes of `fast` are served without FastAPI's layers (see fast_routes.py).
    """

    routers: tuple[APIRouter, ...]
    fast: tuple[APIRouter, ...] = ()
    running: Running | None = None
