"""What leaves the portal and comes back, or lies in the database for later, so that nobody can read or change it.

The keys follow from ``SECRET_KEY``, one for each purpose: what was sealed for one cannot be used for another. Keys of
before (``SECRET_KEY_FALLBACKS``) still open what they sealed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class NotSealedError(ValueError):
    """The text was not sealed here for this purpose, or somebody changed it."""


def seal(text: str, *, purpose: str) -> str:
    """``text`` encrypted and authenticated, of letters, digits, ``-`` and ``_``; another one each time."""
    return _box(purpose).encrypt(text.encode()).decode("ascii").rstrip("=")


def unseal(sealed: str, *, purpose: str) -> str:
    """The text that ``seal`` was given for ``purpose``. Raises NotSealedError."""
    try:
        return _box(purpose).decrypt(f"{sealed}{'=' * (-len(sealed) % 4)}".encode()).decode()
    except (InvalidToken, ValueError) as error:
        raise NotSealedError from error


def _box(purpose: str) -> MultiFernet:
    return _made(purpose, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=64)
def _made(purpose: str, keys: tuple[str, ...]) -> MultiFernet:
    """Fernet for each key: AES in CBC mode with an HMAC, both of 128 bits and more."""
    derived = (hmac.new(key.encode(), f"itsm.sealing:{purpose}".encode(), hashlib.sha256).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
