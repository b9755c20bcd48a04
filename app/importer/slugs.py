"""Keys of touchpoints out of the names that people gave them. Pure."""

import re
import unicodedata
from functools import lru_cache

from app.importer.row import RowError
from app.importer.sentence import Sentence

KEY_MAX = 64
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "ł": "l", "đ": "d", "þ": "th"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})


@lru_cache(4096)
def slug(prefix: str, value: str) -> str:
    """`value` as a key: "Kasse 2 (Nürnberg)" becomes `kasse-2-nuernberg`, in whatever script it is written.

    RowError when nothing is left.
    """
    return _slug(prefix, value, unicodedata.normalize("NFC", value.casefold()).translate(_UMLAUTS))


@lru_cache(4096)
def former_slug(prefix: str, value: str) -> str | None:
    """The key that versions before this one made of it, `nurnberg`; None when they made none."""
    try:
        return _slug(prefix, value, value.casefold(), latin_only=True)
    except RowError:
        return None


def _slug(prefix: str, value: str, text: str, *, latin_only: bool = False) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    if not latin_only and any(character.isalpha() and ord(character) > 0x24F for character in plain):
        from anyascii import anyascii  # a table of a megabyte, and few files need it

        plain = anyascii(unicodedata.normalize("NFC", plain)).lower()
    key = re.sub(r"[^a-z0-9_]+", "-", plain.encode("ascii", "ignore").decode()).strip("-_")
    if not key:
        raise RowError(Sentence("row.names_nothing", "{text!r} names no touchpoint", text=value))
    return f"{prefix}{key}"[:KEY_MAX]
