"""HTML pages: Jinja2 with autoescape, a strict CSP for each kind of page, static files under a name that follows them.

    from app.pages.render import CUSTOMER, page

    @router.get("/t/{key}")
    async def hosted(request: Request, key: str) -> Response:
        language = language_of(request, known.row.question)
        return page(request, "hosted.html", {"question": ...}, language, area="customer", policy=CUSTOMER)

In a template: {% extends "customer.html" %} (or a base of your own), {{ t("send") }} for a message of the area,
{{ static("customer.css") }} for the address of a file in static/, {{ language }}. Nothing inline: no <style>,
no style="", no <script> without src, no onclick; the CSP refuses them all. Modules may import each other by relative
path.
"""

import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from app import base_path
from app.errors import Code, Problem
from app.pages.choices import DRAWINGS
from app.pages.css import written_out
from app.pages.i18n import direction, messages, name_of, territory

router = APIRouter(include_in_schema=False)
FOLDER = Path(str(files(__package__) / "static")).resolve()
ENVIRONMENT = Environment(
    loader=PackageLoader("app.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_LOCKED = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self' data:",
    "require-trusted-types-for": "'script'",
    "script-src": "'self'",
    "style-src": "'self'",
    "trusted-types": "'none'",
}


def csp(**more: str) -> str:
    """A Content-Security-Policy: everything from here only, and what is given: csp(worker_src="'self'")."""
    said = _LOCKED | {name.replace("_", "-"): value for name, value in more.items()}
    return "; ".join(f"{name} {value}" for name, value in said.items())


CUSTOMER = csp()
DASHBOARD = csp()
# Registering a service worker takes a TrustedScriptURL, so the tablet has one policy, named `touchstone`.
KIOSK = csp(manifest_src="'self'", worker_src="'self'", trusted_types="touchstone")


def page(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    language: str,
    *,
    area: str = "customer",
    policy: str = CUSTOMER,
    status: int = 200,
) -> Response:
    """The template as an HTML answer, not to be cached: it depends on the language and changes with the touchpoint."""
    given = {"request": request, "language": language, "t": messages(area, language)}
    body = base_path.links(ENVIRONMENT.get_template(template).render(given, **context), request.app.state.base_path)
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": language,
        "Content-Security-Policy": policy,
        # `no-referrer` would make browsers send `Origin: null` with the page's own forms.
        "Referrer-Policy": "same-origin",
    }
    if "frame-ancestors 'none'" in policy:  # for browsers that do not read policies; it cannot name a site
        headers["X-Frame-Options"] = "DENY"
    return Response(body, status, headers, media_type="text/html")


@cache
def _files() -> dict[str, bytes]:
    """Every file in static/ by its name, as it is served: style sheets as the supported browsers read them.

    Whatever an address asks for beside them is not looked for on the disk.
    """
    files = {path.relative_to(FOLDER).as_posix(): path for path in sorted(FOLDER.rglob("*")) if path.is_file()}
    return {name: _served(path) for name, path in files.items()}


def _served(path: Path) -> bytes:
    source = path.read_bytes()
    return written_out(source.decode()).encode() if path.suffix == ".css" else source


@cache
def _release() -> str:
    """One hash over all static files: relative imports between them stay within one release."""
    digest = hashlib.blake2b(digest_size=6)
    for name, body in _files().items():
        digest.update(name.encode() + b"\0" + body)
    return digest.hexdigest()


def static(name: str) -> str:
    """The address of a file in static/; KeyError when there is none."""
    if name not in _files():
        raise KeyError(name)
    return f"/static/{_release()}/{name}"


@router.get("/static/{release}/{name:path}")
def static_file(request: Request, release: str, name: str) -> Response:
    """A static file: for a year under its own release, to be asked for again under any other."""
    body = _files().get(name)
    if body is None:
        raise Problem(Code.NOT_FOUND, "There is nothing at this address.")
    current = release == _release()
    keep = "public, max-age=31536000, immutable" if current else "no-cache"
    return conditional(request, body, media_type(name), {"Cache-Control": keep})


def media_type(name: str) -> str:
    """The content type of a file by its name; the same on every machine."""
    known = {"js": "text/javascript", "webmanifest": "application/manifest+json", "svg": "image/svg+xml"}
    kind = known.get(name.rpartition(".")[2]) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def conditional(request: Request, body: bytes, kind: str, headers: Mapping[str, str]) -> Response:
    """The body with an ETag, or 304 when the caller has it."""
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    said = {**headers, "ETag": etag}
    if etag in [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=said)
    return Response(body, 200, said, media_type=kind)


ENVIRONMENT.globals |= {"static": static, "drawings": DRAWINGS}
ENVIRONMENT.globals |= {"direction": direction, "language_name": name_of, "territory": territory}
