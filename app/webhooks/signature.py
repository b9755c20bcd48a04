"""Secrets and signatures as in Standard Webhooks 1.0: https://www.standardwebhooks.com. Pure, but for the dice."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, number: str, seconds: int, body: str) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `number.seconds.body`; `seconds` since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{number}.{seconds}.{body}".encode(), hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def headers(keys: Sequence[str], number: str, seconds: int, body: str) -> dict[str, str]:
    """What a receiver checks; with two secrets, while one replaces the other, either signature will do."""
    return {
        "webhook-id": number,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signature(secret, number, seconds, body) for secret in keys),
    }
