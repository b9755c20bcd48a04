"""Requests as clients made for Delighted send them: the key as a user name of basic authentication, bodies as forms."""

import binascii
from base64 import b64decode
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from starlette.types import Message, Receive

from app.auth import Caller, KeyedRoute
from app.compat import forms
from app.errors import Code, Place, Problem
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.registry import Known


class BasicRoute(KeyedRoute):
    """Takes the key from either scheme and JSON or a form; without a key the body is not read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            given = request.headers.raw
            headers = [(name, as_bearer(said) if name == b"authorization" else said) for name, said in given]
            receive = request.receive
            if request.headers.get("content-type", "").partition(";")[0].strip().lower() == forms.MEDIA_TYPE:
                headers = [*(each for each in headers if each[0] != b"content-type"), _JSON]
                receive = _read_as_json(receive)
            return await answer(Request({**request.scope, "headers": headers}, receive))

        return handler


_JSON = (b"content-type", b"application/json")


def _read_as_json(receive: Receive) -> Receive:
    async def receiving() -> Message:
        message = await receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        return message if message["type"] != "http.request" else {**message, "body": forms.as_json(body)}

    return receiving


def as_bearer(said: bytes) -> bytes:
    """An Authorization header of the basic scheme as one that bears the user name; any other as it is.

    The official client for Python leaves out the colon behind the user name.
    """
    scheme, _, credentials = said.partition(b" ")
    if scheme.lower() != b"basic":
        return said
    try:
        user = b64decode(credentials.strip(), validate=True).partition(b":")[0]
    except binascii.Error:
        user = b""
    return b"Bearer " + user


async def place_of(request: Request, db: Db, caller: Caller) -> Known:
    """The touchpoint of the caller's key, or the only one there is; Problem invalid_request when it is not clear."""
    if caller.touchpoint:
        found: Known = await request.app.state.registry.get(caller.touchpoint)
        return found
    rows = await db.read(lambda session: registry.find(session, limit=2))
    if len(rows) == 1:
        return registry.known(rows[0])
    mend = "Make a key with it: touchstone keys create NAME --scope ... --touchpoint KEY."
    place = Place(place="header.authorization", message="is a key without a touchpoint", mend=mend)
    raise Problem(Code.INVALID_REQUEST, "It is not clear which touchpoint is meant.", errors=[place])
