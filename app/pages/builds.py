"""Builds of the widget: made from widget.js and widget.css, and each released one kept for ever.

A page that pins an integrity hash names a kept build, `/widget.v1.0.js`. Its file is never changed or removed; a new
widget is a new file beside it (`touchstone widget --keep`).
"""

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from app.pages.render import FOLDER

KEPT = Path(str(files(__package__) / "kept")).resolve()
RECORD = KEPT / "integrity.json"  # {"v1.0": "sha384-..."}, the oldest first

_COMPACT = ((r"\s+", " "), (r"\s*([{};])\s*", r"\1"), (r"([:,]) ", r"\1"), (r";}", "}"), (r"\.ts\b", ":host"))
# White space beside these means nothing in JavaScript; beside + and - it may, and a line's end may end a statement.
_SPACE = re.compile(r" *(=>|[=!<>]=|&&|\|\||[=?:{}(),;])(?: |(?<=[{(,;])\n)*")
_TEXT = re.compile(r'("[^"\n]*"|`[^`\n]*`)')


@cache
def made() -> bytes:
    """The widget as its sources make it: widget.js with widget.css in it, without comments and most white space.

    In its shadow root `.ts` is the host. Lines of widget.js that begin with // are comments; no text spans lines.
    """
    css = re.sub(r"/\*.*?\*/", "", (FOLDER / "widget.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    for found, instead in _COMPACT:
        css = re.sub(found, instead, css)
    lines = (line.strip() for line in (FOLDER / "widget.js").read_text(encoding="utf-8").splitlines())
    source = "\n".join(line for line in lines if line and not line.startswith("//"))
    parts = _TEXT.split(source)  # every second part is a text, which stays as it is
    parts[::2] = (_SPACE.sub(r"\1", part) for part in parts[::2])
    return "".join(parts).replace('"@widget.css"', json.dumps(css.strip())).encode()


def integrity(build: bytes) -> str:
    """The Subresource Integrity hash of a build."""
    return "sha384-" + base64.b64encode(hashlib.sha384(build).digest()).decode()


def record() -> dict[str, str]:
    """The integrity hash of each kept build by its version, the oldest first."""
    found: dict[str, str] = json.loads(RECORD.read_bytes())
    return found


@cache
def kept() -> dict[str, bytes]:
    """The kept builds by version, the oldest first."""
    return {version: (KEPT / f"widget.{version}.js").read_bytes() for version in record()}


def keep() -> str:
    """Keep what the sources make as a new build, unless the newest is the same; returns its version."""
    hashes, build = record(), made()
    newest = next(reversed(hashes), "")
    if newest and hashes[newest] == integrity(build):
        return newest
    version = f"v1.{len(hashes)}"
    (KEPT / f"widget.{version}.js").write_bytes(build)
    RECORD.write_text(json.dumps(hashes | {version: integrity(build)}, indent=2) + "\n", encoding="utf-8")
    kept.cache_clear()
    return version
