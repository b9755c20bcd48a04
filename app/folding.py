"""Text as a search compares it: the same words for both databases, however somebody types them. Pure.

Case, accents and letters that many keyboards lack do not matter (`lodz` is Łódź, `strasse` Straße, `faergen` færgen).
Where words have no gaps (Chinese, Japanese, Thai ...) or carry what other languages write apart (Korean), each
character is a word, and what is typed is looked for as a phrase. A long word is stored with its ends as well, for it
may be put together: `verzögerung` is found in Lieferungsverzögerung as the beginning of an end.
"""

import codecs
import re
import unicodedata
from functools import lru_cache

WORD_MOST = 64  # letters of a word; nobody types more of one
PART_LEAST = 4  # letters that are looked for within a word
HEAD_LEAST = 3  # letters before them
_LONG = HEAD_LEAST + PART_LEAST
_LETTERS = str.maketrans(
    {"ł": "l", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n"}
)
# Accents of all alphabets, Hebrew and Arabic points; the marks of other scripts are letters there.
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]+")
# Thai, Lao, Burmese and Khmer; kana and Chinese characters; Korean syllables; Chinese characters beyond.
_GAPLESS = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff])"
)
_WORD = re.compile(r"[^\W_]+")


def _folded(text: str) -> str:
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold())).casefold()
    apart = _GAPLESS.sub(r" \1 ", unicodedata.normalize("NFC", plain).translate(_LETTERS))
    return " ".join(_WORD.findall(apart))


# The same for most of what Europe writes, in a thirtieth of the time: each of these letters and signs is a byte on the
# way, and becomes one letter of ASCII or a blank. None of them is a capital; what is not here takes the way above.
_SIGNS = "\u00a0§«°´·»‐‑–—‘’‚“”„•…€"
_SMALL = (one for one in map(chr, range(128, 0x180)) if one.islower() and len(_folded(f"a{one}b").encode()) == 3)
_EUROPEAN = [*map(chr, range(128)), *_SIGNS, *_SMALL]
_TO_BYTE = codecs.charmap_build("".join(_EUROPEAN).ljust(256, "\ufffe"))
_FOLDED = "".join(_folded(one) or " " for one in _EUROPEAN).encode().ljust(256)


def words(text: str) -> list[str]:
    """The words of a text in their order, folded."""
    plain = text.encode().translate(_FOLDED).decode() if text.isascii() else _european(text) or _folded(text)
    found = plain.split()
    if len(plain) <= WORD_MOST or len(max(found, key=len, default="")) <= WORD_MOST:
        return found
    return [word[:WORD_MOST] for word in found]


def _european(text: str) -> str | None:
    """The same as `_folded`, but for the number of blanks; None where other letters or signs occur."""
    try:
        coded, _ = codecs.charmap_encode(text.casefold().replace("æ", "ae"), "strict", _TO_BYTE)
    except UnicodeEncodeError:
        return None
    return coded.translate(_FOLDED).decode()


def searchable(comment: str | None) -> str | None:
    """What the index takes of a comment: its words, then the ends of the long ones; None without a comment."""
    if comment is None:
        return None
    said = words(comment)
    if long := [word for word in said if len(word) >= _LONG]:
        said = [*said, *dict.fromkeys(map(_ends, long))]
    return " ".join(said)


@lru_cache(8192)  # long words come again and again
def _ends(word: str) -> str:
    return " ".join(word[start:] for start in range(HEAD_LEAST, len(word) - PART_LEAST + 1))
