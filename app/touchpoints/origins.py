"""Which web pages and apps may send answers: origins as people write them, and as browsers send them. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

_HOST = r"[^\s/:@?#\[\]*\\]+"
_WEB = re.compile(rf"(https?)://(\*\.)?(?:\[([0-9a-f:.]+)\]|({_HOST}))(?::([0-9]{{1,5}}))?/*")
_APP = re.compile(r"(?!https?:)([a-z][a-z0-9+.-]*://[a-z0-9._-]*)/*")  # capacitor://localhost, chrome-extension://...
_DEFAULT = {"http": "80", "https": "443"}
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# The same for the document, without names beyond ASCII: which of those there are no pattern can say.
SAID = (
    r"^(\*|[Hh][Tt][Tt][Pp][Ss]?://((\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"|(?![Hh][Tt][Tt][Pp][Ss]?:)[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9._-]*)/*$"
)

SITE_SAID = r"^[Hh][Tt][Tt][Pp][Ss]?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/*$"


def normal(said: str) -> str:
    """An origin as a browser sends it: names in their ASCII form, no default port; ValueError when it is none."""
    text = said.strip().lower()
    if text.rstrip("/") == "*":
        return "*"
    if app := _APP.fullmatch(text):
        return app[1]
    web = _WEB.fullmatch(text)
    if web is None or (web[2] and web[3]):
        raise ValueError(
            "is no origin; write scheme, host and port, such as https://shop.example, https://*.shop.example or "
            "capacitor://localhost"
        )
    scheme, star, six, host, port = web.groups()
    name = f"[{_compressed(six)}]" if six else _ascii(host)
    return f"{scheme}://{star or ''}{name}{f':{port}' if port and port != _DEFAULT[scheme] else ''}"


def of_a_site(said: str) -> str:
    """A site's origin as a policy names it, neither an app's nor everybody's; ValueError when it is none."""
    web = _WEB.fullmatch(said.strip().lower())
    if web is None or web[3]:
        raise ValueError("name the site, such as https://www.notion.so or https://*.notion.site")
    return normal(said)


def _compressed(six: str) -> str:
    try:
        return str(ip_address(six))
    except ValueError:
        return six


def _ascii(host: str) -> str:
    name = host if host.isascii() else _encoded(host)
    if not _NAME.fullmatch(name):
        raise ValueError(f"{host} is not the name of a host; write it as a browser shows it")
    return name


def _encoded(host: str) -> str:
    import idna  # its tables take a start longer than most of us ever need

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return ""


@lru_cache(maxsize=4096)
def _listed(pattern: str) -> str:
    try:
        return normal(pattern)  # what was stored before names were put in order
    except ValueError:
        return pattern


def allowed(origin: str, patterns: Iterable[str]) -> bool:
    """Whether a browser's Origin is on the list: exactly, under `https://*.shop.example`, or `*` for anywhere.

    `ionic://` without a host is any page of apps of that kind.
    """
    origin = origin.lower()
    for pattern in map(_listed, patterns):
        if pattern in ("*", origin):
            return True
        scheme, star, domain = pattern.partition("*.")
        if star and origin.startswith(scheme) and origin.endswith("." + domain) and "@" not in origin:
            return True
        if pattern.endswith("://") and origin.startswith(pattern):
            return True
    return False
