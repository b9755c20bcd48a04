"""What a rating link carries, and the proof that nobody changed it. Pure.

A token is base64url of: version and language (1 byte), key id (1), touchpoint (4), expiry (4), randomness (8), what of
respondent and context must travel (JSON, often nothing), and a MAC (16): 46 characters when nothing travels. Whoever
holds it can read it, so nothing secret belongs into a context; and can do nothing with it but give one answer.
"""

import binascii
import hashlib
import hmac
import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.errors import Code, Problem

VERSION = 1
_HEAD = struct.Struct(">BBII8s")
_MAC = 16
# Four bits are for the language of the mail; links are out there, so none of these changes its place. A mail in another
# language leads to a page in the language of the browser.
SPOKEN = ("en", "de", "da", "pl", "ar", "fr", "nl", "sv", "nb", "fi", "es", "it", "pt", "cs", "tr")
_NONCE = struct.Struct(">QQ")


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The secret that signs, and the one before it, which is still believed."""

    active: bytes
    previous: bytes | None = None

    def believed(self, number: int) -> list[bytes]:
        """The secrets with this key id."""
        return [secret for secret in (self.active, self.previous) if secret and key_id(secret) == number]


def key_id(secret: bytes) -> int:
    """Which secret signed a token, in one byte."""
    return hashlib.sha256(b"key id\0" + secret).digest()[0]


@dataclass(frozen=True, slots=True)
class Link:
    """One recipient's invitation to rate one touchpoint. `id` is that of the answer: one link, one counted answer."""

    touchpoint_id: int
    expires_at: datetime
    language: str | None
    respondent: str | None
    context: dict[str, Any] | None
    id: UUID


def mint(
    ring: SigningKeys,
    touchpoint_id: int,
    expires_at: datetime,
    language: str | None = None,
    respondent: str | None = None,
    context: dict[str, Any] | None = None,
) -> str:
    """A new token, signed with the active secret. Two calls never give the same one."""
    spoken = 1 + SPOKEN.index(wide) if (wide := (language or "").partition("-")[0]) in SPOKEN else 0
    head = _HEAD.pack(
        VERSION << 4 | spoken, key_id(ring.active), touchpoint_id, int(expires_at.timestamp()), os.urandom(8)
    )
    payload = head + _extras(respondent, context)
    return _text(payload + _mac(ring.active, b"link", payload))


def extras_size(respondent: str | None, context: dict[str, Any] | None) -> int:
    """How many bytes of respondent and context would travel in the link."""
    return len(_extras(respondent, context))


def _extras(respondent: str | None, context: dict[str, Any] | None) -> bytes:
    said = {name: value for name, value in (("r", respondent), ("c", context)) if value}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() if said else b""


def read(token: str, ring: SigningKeys) -> Link:
    """What a token says, expired or not; Problem link_invalid when it was cut, changed or not signed here."""
    raw = _bytes(token)
    payload, mac = raw[:-_MAC], raw[-_MAC:]
    if len(payload) < _HEAD.size or not any(
        hmac.compare_digest(mac, _mac(secret, b"link", payload)) for secret in ring.believed(payload[1])
    ):
        raise _invalid()
    first, _, touchpoint_id, expires, _ = _HEAD.unpack_from(payload)
    if first >> 4 != VERSION:
        raise _invalid()
    extras = json.loads(payload[_HEAD.size :] or b"{}", parse_constant=lambda _: None)  # old links may hold NaN
    return Link(
        touchpoint_id=touchpoint_id,
        expires_at=datetime.fromtimestamp(expires, UTC),
        language=SPOKEN[(first & 15) - 1] if first & 15 else None,
        respondent=extras.get("r"),
        context=extras.get("c"),
        id=_answer(raw),
    )


def answer_of(token: str) -> UUID:
    """The id of the answer that a token of ours gives; it does not lead back to the token."""
    return _answer(_bytes(token))


def _answer(raw: bytes) -> UUID:
    return UUID(bytes=hashlib.sha256(b"answer\0" + raw).digest()[:16], version=5)


@dataclass(frozen=True, slots=True)
class Nonce:
    """When a page was made, in milliseconds since 1970, and the `press.mark` of the answer it shows (0: none)."""

    made: int
    parent: int = 0


def sign(nonce: Nonce, token: str, ring: SigningKeys) -> str:
    """The nonce as a form carries it: good for this token only."""
    body = _NONCE.pack(nonce.made, nonce.parent)
    return _text(body + _mac(ring.active, b"nonce", token.encode() + body))


def verify(text: str, token: str, ring: SigningKeys) -> Nonce | None:
    """The nonce in a form; None when there is none or it was not signed here for this token."""
    try:
        raw = _bytes(text)
    except Problem:
        return None
    body, mac = raw[:-_MAC], raw[-_MAC:]
    known = (secret for secret in (ring.active, ring.previous) if secret)
    if len(body) == _NONCE.size and any(
        hmac.compare_digest(mac, _mac(secret, b"nonce", token.encode() + body)) for secret in known
    ):
        return Nonce(*_NONCE.unpack(body))
    return None


def _mac(secret: bytes, purpose: bytes, data: bytes) -> bytes:
    return hmac.digest(secret, purpose + b"\0" + data, "sha256")[:_MAC]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """The bytes of exactly one text: base64 would read several texts as the same bytes."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    if not raw or _text(raw) != text:
        raise _invalid()
    return raw


def _invalid() -> Problem:
    return Problem(Code.LINK_INVALID, "This link is incomplete or was changed.")
