"""Which version of Touchstone this is."""

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """The version of the installed distribution; `unknown` in a folder that is run without being installed."""
    try:
        return metadata.version("touchstone-feedback")
    except metadata.PackageNotFoundError:
        return "unknown"
