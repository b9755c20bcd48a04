"""The tablet's page, /kiosk: one shell for every tablet, which its service worker keeps for days without a network."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.pages import choices
from app.pages.i18n import SPOKEN, area, direction, messages, name_of
from app.pages.render import ENVIRONMENT, KIOSK, conditional, page, static
from app.touchpoints.scales import SCALES

router = APIRouter(include_in_schema=False)
SHARED = ("thanks", "change", "reasons", "language")
STYLES = ("tokens.css", "widget.css", "customer.css", "kiosk/kiosk.css")
MODULES = ("app", "dom", "queue", "screens", "send", "staff")
ICON = "kiosk/icon.svg"


@router.get("/kiosk")
def kiosk(request: Request) -> Response:
    """The shell: the same for every tablet and language, so that one copy can be kept."""
    given = {"styles": STYLES, "modules": MODULES, "icon": ICON, "said": _said(), "version": version()}
    return page(request, "kiosk.html", given, "en", area="kiosk", policy=KIOSK)


@router.get("/kiosk/sw.js")
def service_worker(request: Request) -> Response:
    """The service worker. It lies below /kiosk and is allowed the page itself."""
    base = request.app.state.base_path
    shell = [base + path for path in ("/kiosk", "/kiosk/manifest.webmanifest", *map(static, _files()))]
    body = ENVIRONMENT.get_template("kiosk-sw.js").render(version=version(), shell=shell).encode()
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": f"{base}/kiosk"}
    return conditional(request, body, "text/javascript; charset=utf-8", headers)


@router.get("/kiosk/manifest.webmanifest")
def manifest(request: Request) -> Response:
    """What makes the page installable, without a browser's bars around it."""
    base = request.app.state.base_path
    icon = {"src": base + static(ICON), "type": "image/svg+xml", "sizes": "any", "purpose": "any maskable"}
    return JSONResponse(
        {
            "id": f"{base}/kiosk",
            "name": "Touchstone tablet",
            "short_name": "Touchstone",
            "start_url": f"{base}/kiosk",
            "scope": f"{base}/kiosk",
            "display": "fullscreen",
            "background_color": "#f5f7f9",
            "theme_color": "#0a6a71",
            "icons": [icon],
        },
        headers={"Cache-Control": "no-cache"},
        media_type="application/manifest+json",
    )


def _files() -> tuple[str, ...]:
    return (*STYLES, ICON, *(f"kiosk/{name}.js" for name in MODULES))


@cache
def _said() -> dict[str, Any]:
    """All words by language: the tablet changes its language without asking the service."""
    return {
        language: {
            "name": name_of(language),
            "dir": direction(language),
            "texts": {**area("kiosk")[language], **{name: messages("customer", language)(name) for name in SHARED}},
            "scales": {name: choices.drawn(scale, messages("customer", language)) for name, scale in SCALES.items()},
        }
        for language in SPOKEN
    }


@cache
def version() -> str:
    """Changes with whatever the shell is made of."""
    digest = hashlib.blake2b(repr(_said()).encode(), digest_size=4)
    for name in _files():
        digest.update(static(name).encode())
    for name in ("kiosk.html", "kiosk-sw.js", "_sprite.html"):
        digest.update(files("app.pages").joinpath("templates", name).read_bytes())
    return digest.hexdigest()
