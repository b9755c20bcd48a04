"""What proves that a link came out of a letter of ours: a MAC over what it does, for whom. Pure.

It does not expire: who wants no more letters must not be told that his link is too old.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence

CONFIRM, STOP, CHOOSE = PURPOSES = ("confirm", "stop", "choose")


def token(secret: bytes, purpose: str, number: int, whom: str) -> str:
    """`12.` and 22 characters. `whom` is part of it, as a number may be given again after a deletion."""
    mac = hmac.digest(secret, f"mail {purpose}\0{number}\0{whom}".encode(), "sha256")[:16]
    return f"{number}.{urlsafe_b64encode(mac).decode().rstrip('=')}"


def number_of(text: str) -> int | None:
    """The subscriber a token speaks of, genuine or not; None for nonsense."""
    number = text.partition(".")[0]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else None


def is_genuine(text: str, secrets: Sequence[bytes], purpose: str, number: int, whom: str) -> bool:
    """Whether one of the secrets signed it: the one that signs, or the one before it."""
    known = [token(secret, purpose, number, whom) for secret in secrets]
    return any(hmac.compare_digest(text.encode(), one.encode()) for one in known)
