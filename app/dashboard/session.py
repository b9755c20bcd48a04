"""Sessions: a signed cookie that names a key without holding it, and the token that a form must carry.

The cookie is `<subject>.<expires>.<nonce>.<signature>`, the subject being a key's id. It opens pages only: the API
never looks at cookies, so another site cannot make a browser call it. The key behind it is looked up at each request
(at most a second old), so that a session ends with its key; signing out ends it by its nonce (see ended_sessions.py).
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime

COOKIE = "touchstone_session"
LASTS_S = 12 * 3600


def _mac(secret: bytes, *parts: str) -> str:
    return hmac.new(secret, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def issue(secret: bytes, subject: str, now: float | None = None) -> str:
    """A fresh cookie value for a subject (see Keys.subject), good for LASTS_S seconds."""
    expires = int((time.time() if now is None else now) + LASTS_S)
    said = f"{subject}.{expires}.{secrets.token_urlsafe(9)}"
    return f"{said}.{_mac(secret, 'session', said)}"


def verify(secret: bytes, cookie: str | None, now: float | None = None) -> str | None:
    """The subject of a cookie made by `issue`; None when it is missing, forged or expired."""
    said, _, signature = (cookie or "").rpartition(".")
    if not said or not hmac.compare_digest(signature.encode(), _mac(secret, "session", said).encode()):
        return None
    subject, expires, _ = said.split(".", 2)
    return subject if int(expires) > (time.time() if now is None else now) else None


def nonce(cookie: str) -> str:
    """What tells this session from all others. It signs nothing: who reads it cannot make the cookie."""
    return cookie.split(".")[2]


def expiry(cookie: str) -> datetime:
    return datetime.fromtimestamp(int(cookie.split(".")[1]), UTC)


def form_token(secret: bytes, cookie: str) -> str:
    """What a form posted within this session carries in the field `csrf`."""
    return _mac(secret, "form", cookie)


def is_token(secret: bytes, cookie: str, token: str) -> bool:
    return hmac.compare_digest(token.encode(), form_token(secret, cookie).encode())


def from_here(headers: Mapping[str, str], host: str) -> bool:
    """Whether a POST was sent by one of our own pages, as far as the browser tells.

    Sec-Fetch-Site is what browsers of today send and no page can set; older ones send Origin. A client that sends
    neither is no browser, and has no cookie that another site could abuse.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == host
