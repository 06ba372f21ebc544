"""What is signed ends with a restore: its signature covers a value that the restore replaces (ADM-02)."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from accounts.models import RestoreEpoch


def current_epoch() -> str:
    """The value that signatures of today cover; empty until the first restore. One query."""
    return RestoreEpoch.objects.filter(pk=1).values_list("value", flat=True).first() or ""


def begin_epoch() -> None:
    """Let every signature made so far end. Random, for the same backup may be restored twice."""
    RestoreEpoch.objects.update_or_create(pk=1, defaults={"value": secrets.token_urlsafe(32)})


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """Links for a new password, which end with a restore, with a use, with a sign-in and with another address."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{current_epoch()}"
