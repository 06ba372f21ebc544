"""Sessions whose keys the database does not know: what a backup holds opens nobody's pages.

The cookie carries the key, the row its digest. Keys are random with 165 bits, so a plain digest cannot be guessed.
The content is sealed, for it may hold secrets of its own: a link for a new password rests there while it is used.
"""

from __future__ import annotations

import hashlib
from typing import Any, cast

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.core.exceptions import SuspiciousOperation
from django.utils import timezone

from itsm.sealing import NotSealedError, seal, unseal

PURPOSE = "session"


def digest_of(key: str) -> str:
    """What the database calls the session whose cookie holds ``key``; as long as the column takes."""
    return hashlib.sha256(f"itsm.session:{key}".encode()).hexdigest()[:40]


class SessionStore(DatabaseStore):
    """Django's sessions in the database, found by the digest of their key."""

    def _get_session_from_db(self) -> Session | None:
        try:
            key = digest_of(self.session_key or "")
            return cast("Session", self.model.objects.get(session_key=key, expire_date__gt=timezone.now()))
        except (self.model.DoesNotExist, SuspiciousOperation):
            self._session_key = None
            return None

    def exists(self, session_key: str) -> bool:
        """Whether there is a session with this key."""
        return self.model.objects.filter(session_key=digest_of(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row of this session, as it stands."""
        row = super().create_model_instance(data)
        row.session_key = digest_of(row.session_key)
        return cast("Session", row)

    def delete(self, session_key: str | None = None) -> None:
        """End the session with this key, this one unless given."""
        key = session_key or self.session_key
        if key is not None:
            self.model.objects.filter(session_key=digest_of(key)).delete()

    def encode(self, session_dict: dict[str, Any]) -> str:
        """The content as the database keeps it."""
        return seal(super().encode(session_dict), purpose=PURPOSE)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """The content of a row; nothing when it was not sealed here."""
        try:
            return super().decode(unseal(str(session_data), purpose=PURPOSE))
        except NotSealedError:
            return {}


def contents_of(rows: Any) -> dict[str, dict[str, Any]]:
    """What the given sessions hold, by the digests of their keys."""
    store = SessionStore()
    return {row.session_key: store.decode(row.session_data) for row in rows}
