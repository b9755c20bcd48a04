"""How a tablet gets its key: by a code that a person types on it, good once and for ten minutes."""

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.auth import DEVICE_PREFIX, digest
from app.errors import Code, Place, Problem
from app.models import Device, now

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O 1 I L, which look alike
LENGTH = 8
VALID_FOR = timedelta(minutes=10)


def new_code(session: Session, secret: bytes, device: Device) -> str:
    """A fresh code for `device`; the one before it stops working."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    device.pairing_hash = hashed(secret, code)
    device.pairing_expires_at = now() + VALID_FOR
    session.add(device)
    session.flush()
    return code


def hashed(secret: bytes, code: str) -> str:
    """What is stored of a code, with the service's key: 40 bits alone could be tried out from a stolen database."""
    return hmac.new(secret, b"pairing:" + normal(code).encode(), sha256).hexdigest()


def normal(code: str) -> str:
    """A code as people type it, without dashes, spaces and small letters."""
    return "".join(character for character in code.upper() if character.isalnum())


def pair(session: Session, secret: bytes, code: str) -> tuple[str, Device]:
    """Use up a code: the tablet's new key, in clear for the only time, and its row; Problem pairing_invalid.

    One UPDATE takes the code and gives the key, so of two tablets that send the same code at once only one is paired.
    A revoked tablet is in use again: whoever made the code wanted that.
    """
    key = DEVICE_PREFIX + secrets.token_urlsafe(32)
    valid = (col(Device.pairing_hash) == hashed(secret, code), col(Device.pairing_expires_at) > now())
    paired = (
        update(Device)
        .where(*valid)
        .values(
            key_hash=digest(key),
            key_prefix=key[:12],
            pairing_hash=None,
            pairing_expires_at=None,
            paired_at=now(),
            last_seen_at=now(),
            revoked_at=None,
        )
        .returning(col(Device.id))
    )
    number = session.execute(paired).scalar()
    if number is None:
        mend = "Ask for a new code under Devices."
        place = Place(place="body.code", message="is unknown, used or older than ten minutes", mend=mend)
        raise Problem(Code.PAIRING_INVALID, "This code is not known, was used before, or has expired.", errors=[place])
    return key, session.exec(select(Device).where(Device.id == number)).one()
