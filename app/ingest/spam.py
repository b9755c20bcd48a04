"""What in a comment is spam. Pure.

A link alone is none: the unhappy paste their order's page, a parcel's tracking, the price elsewhere. Spam is markup
that makes links, several foreign addresses with few words around them, and the same text again and again. See decision
0026.
"""

import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Iterable
from urllib.parse import urlsplit
from uuid import UUID

WORDS_PER_ADDRESS = 12  # a person who names two foreign addresses tells a story around them
MANY = 4  # foreign addresses that no story explains
REPEATED = 3  # the third customer with the same long text is none
LONG = 60  # characters: "Alles bestens, gerne wieder" may come from anybody
TEXTS = 20_000

_MARKUP = re.compile(r"<a\s[^<>]*href|\[(?:url|link|img)\b|\]\(\s*(?:https?:)?//|<(?:script|iframe)\b", re.IGNORECASE)
_NAMES = "com|net|org|info|biz|ru|cn|de|dk|pl|eu|io|ly|cc|tk|xyz|shop|store|online|site|club|link|click|casino|bet|vip"
_LABELS = r"(?:[a-z0-9\u00a1-\uffff-]{1,63}\.)+"
_FULL, _BARE = rf"(?:h(?:tt|xx)ps?://|www\.)({_LABELS}[a-z]{{2,}})", rf"({_LABELS}(?:{_NAMES}))(?![\w@-]|\.\w)"
_ADDRESS = re.compile(rf"(?<![\w@.-])(?:{_FULL}|{_BARE})(\S*)", re.IGNORECASE)


def is_spam(comment: str, origins: Iterable[str]) -> bool:
    """Whether a comment of somebody without a key is spam by itself; `origins` are the touchpoint's own."""
    if "." not in comment and "[" not in comment and "<" not in comment:
        return False
    if _MARKUP.search(comment):
        return True
    found = foreign(comment, origins)
    words = len(_ADDRESS.sub(" ", comment).split())
    return len(found) >= MANY or (len(found) > 1 and words < WORDS_PER_ADDRESS * len(found))


def foreign(comment: str, origins: Iterable[str]) -> set[str]:
    """The hosts a comment names that are not the touchpoint's own."""
    own = [urlsplit(origin.replace("*.", "")).hostname or "" for origin in origins]
    hosts = {(full or bare).lower().removeprefix("www.") for full, bare, _ in _ADDRESS.findall(comment)}
    return {host for host in hosts if not any(_is_of(host, each.removeprefix("www.")) for each in own if each)}


def _is_of(host: str, own: str) -> bool:
    return host == own or host.endswith(f".{own}") or own.endswith(f".{host}")


class Repeats:
    """Texts that were sent today, as keyed hashes in the memory of this process, each with the first who sent it."""

    def __init__(self) -> None:
        self._day, self._salt = -1, b""
        self._seen: OrderedDict[bytes, list[UUID]] = OrderedDict()

    def note(self, comment: str, answer: UUID, origins: Iterable[str], at: float) -> bool:
        """Whether others said the same before, at length or with a foreign address; an answer sent again is no other.

        `at` is in seconds of a clock that only goes forward.
        """
        text = " ".join(comment.casefold().split())
        if len(text) < LONG and not foreign(comment, origins):
            return False
        if self._day != int(at // 86_400):
            self._day, self._salt = int(at // 86_400), os.urandom(32)
            self._seen.clear()
        key = hashlib.blake2b(text.encode(), key=self._salt, digest_size=12).digest()
        first = self._seen.setdefault(key, [])
        if len(self._seen) > TEXTS:
            self._seen.popitem(last=False)
        if answer in first:
            return False
        if len(first) < REPEATED - 1:
            first.append(answer)
            return False
        return True
