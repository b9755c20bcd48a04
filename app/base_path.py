"""Served below a path, as PUBLIC_URL says (https://shop.example/feedback): addresses lose it on the way in and get it
on the way out. Pages and routes name addresses as if they stood at the root. Pure.
"""

import re
from urllib.parse import quote, unquote, urlsplit

from starlette.types import Scope

_LINK = re.compile(r'(?<=\s)((?:href|src|action|formaction)=")/(?!/)')


def of(public_url: str | None) -> str:
    """The path of a public address without its last slash; empty at the root."""
    return quote(urlsplit(public_url or "").path.rstrip("/"), safe="/%")


def take_off(scope: Scope, base: str) -> None:
    """Leave the path out of the request's; some proxies have done so already."""
    if base and (scope["path"] + "/").startswith((plain := unquote(base)) + "/"):
        scope["path"] = scope["path"][len(plain) :] or "/"
        scope["raw_path"] = scope["path"].encode()


def location(value: bytes, base: str, host: bytes) -> bytes:
    """Where a redirect leads, with the path: one that names only a path, or our own host."""
    text = value.decode("latin-1")
    if text.startswith("/") and not text.startswith("//"):
        return f"{base}{text}".encode("latin-1")
    scheme, parted, rest = text.partition("://")
    if parted and rest.startswith(host.decode("latin-1") + "/"):
        return f"{scheme}://{host.decode('latin-1')}{base}{rest[len(host) :]}".encode("latin-1")
    return value


def links(html: str, base: str) -> str:
    """A page whose links, forms, scripts and pictures lead below the path; what people wrote has no bare quotes."""
    return _LINK.sub(rf"\g<1>{base}/", html) if base else html
