"""How a file's letters are written: found out first, and chosen by somebody who sees that they look wrong. Pure."""

from collections.abc import Mapping
from typing import Any

from app.dashboard.request_context import Posting
from app.importer.encodings import CODECS, named


def encoding_of(found: Mapping[str, Any]) -> str:
    """The name of the encoding in which a file is read."""
    return named(found["layout"]["encoding"])


def guess_of(found: Mapping[str, Any]) -> str:
    """The name of the encoding that was found out, whatever was chosen since."""
    guess: str = found.get("guess") or encoding_of(found)
    return guess


def encoding_in(posting: Posting, found: Mapping[str, Any]) -> str:
    """The name of the encoding that a form chooses; without a choice the one in which the file is read."""
    sent = posting.get("encoding")
    return sent if sent in CODECS else encoding_of(found)


def codec_of(name: str, found: Mapping[str, Any]) -> str | None:
    """The codec of an encoding; None of the one that is found out, as are its mark and its order of bytes."""
    return None if name == guess_of(found) else CODECS[name]
