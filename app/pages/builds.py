"""Builds of the widget: made from widget.js and widget.css, and each released one kept for ever.

A page that pins an integrity hash names a kept build, `/widget.v1.0.js`. Its file is never changed or removed; a new
widget is a new file beside it (`touchstone widget --keep`, which needs npm).
"""

import base64
import hashlib
import json
import re
import subprocess
from functools import cache
from importlib.resources import files
from pathlib import Path

from app.pages.css import written_out
from app.pages.render import FOLDER

KEPT = Path(str(files(__package__) / "kept")).resolve()
RECORD = KEPT / "integrity.json"  # {"v1.0": "sha384-..."}, the oldest first

# Names of widget.js that nothing outside it reads, neither a browser nor the service: a letter says as much.
_INSIDE = (
    "talk|host|said|wanted|watch|box|fab|pop|step|cards|stored|flying|live|turning|timer|look|follow|cooling|seen|"
    "tries|rate|mark|why|retry|finish|spoken|done|want|settled|tick|panel|ask|more|leave|shown|asked|post|hear|about|"
    "show|stands|soon|at|note"
)
_MINIFIER = (
    *("npx", "--yes", "terser@5.51.4", "--compress", "passes=3,unsafe,ecma=2020", "--mangle"),
    *("--mangle-props", f"regex=/^({_INSIDE})$/"),
)


def made() -> bytes:
    """The widget as its sources make it: widget.js with widget.css in it, made small. Needs npm.

    In its shadow root `.ts` is the host.
    """
    css = re.sub(r"\.ts\b", ":host", written_out((FOLDER / "widget.css").read_text(encoding="utf-8"), dark="widget"))
    source = (FOLDER / "widget.js").read_text(encoding="utf-8").replace('"@widget.css"', json.dumps(css))
    return subprocess.run(_MINIFIER, input=source.encode(), capture_output=True, check=True).stdout  # noqa: S603 - fixed words


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


def newest() -> bytes:
    """The build that was kept last."""
    return list(kept().values())[-1]


def keep() -> str:
    """Keep what the sources make as a new build, unless the newest is the same; returns its version."""
    hashes, build = record(), made()
    last = next(reversed(hashes), "")
    if last and hashes[last] == integrity(build):
        return last
    version = f"v1.{len(hashes)}"
    (KEPT / f"widget.{version}.js").write_bytes(build)
    RECORD.write_text(json.dumps(hashes | {version: integrity(build)}, indent=2) + "\n", encoding="utf-8")
    kept.cache_clear()
    return version
