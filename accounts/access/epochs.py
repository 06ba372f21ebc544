"""What is signed ends with a restore: its signature covers a value that the restore replaces (ADM-02)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import models

from accounts.models import RestoreEpoch


def current_epoch() -> str:
    """The value that signatures of today cover; empty until the first restore. One query."""
    return RestoreEpoch.objects.filter(pk=1).values_list("value", flat=True).first() or ""


def begin_epoch() -> None:
    """Let every signature made so far end. Random, for the same backup may be restored twice."""
    RestoreEpoch.objects.update_or_create(pk=1, defaults={"value": secrets.token_urlsafe(32)})


def salt_of(name: str) -> str:
    """The salt ``name`` for signed texts of today: after a restore they are worth nothing. One query."""
    return f"{name}:{current_epoch()}"


def digest_of_secret(purpose: str, secret: str) -> str:
    """All that is kept of the secret of a link: keyed, so that a stolen table opens nothing; of before a restore,
    nothing does. One query.
    """
    text = f"{purpose}:{secret}{current_epoch()}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def bearer_models() -> list[type[models.Model]]:
    """Models of secrets that open something for whoever has them; ``bearer_digest`` names the field of the digest."""
    return [model for model in apps.get_models() if getattr(model, "bearer_digest", "")]


def revoke_bearers(model: type[models.Model], now: datetime) -> int:
    """End every secret of ``model``, in its own column too, so that lists say it; how many."""
    return model._default_manager.filter(revoked_at=None).update(revoked_at=now)


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """Links for a new password, which end with a restore, with a use, with a sign-in and with another address."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{current_epoch()}"
