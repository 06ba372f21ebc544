"""API tokens: making them and finding the one that a request carries."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.access.log import record_access
from accounts.models import AccessEvent, ApiToken, User

PREFIX = "itsm"
LIFETIME = timedelta(days=365)
LAST_USED_PRECISION = timedelta(minutes=1)


def _hash(secret: str) -> str:
    """Keyed hash: a stolen table alone does not let anybody test guesses."""
    return hmac.new(settings.SECRET_KEY.encode(), secret.encode(), hashlib.sha256).hexdigest()


def create_token(
    *, user: User, name: str, scopes: list[str] | None = None, lifetime: timedelta = LIFETIME
) -> tuple[ApiToken, str]:
    """Create a token of ``user``; return it with its text, which cannot be shown again.

    Without ``scopes`` it has every one: it may do what its owner may.
    """
    secret = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        scopes=list(ApiToken.Scope.values) if scopes is None else scopes,
        secret_hash=_hash(secret),
        expires_at=timezone.now() + lifetime,
    )
    record_access(AccessEvent.Kind.TOKEN_MADE, person=user, detail=name)
    return token, f"{PREFIX}_{token.pk}_{secret}"


def revoke_token(token: ApiToken, *, request: HttpRequest | None = None) -> None:
    """End ``token`` now; once ended it stays so."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record_access(AccessEvent.Kind.TOKEN_REVOKED, request=request, person=token.user, detail=token.name)


def find_token(text: str) -> ApiToken | None:
    """Return the valid token that ``text`` spells, with its owner and the owner's rights, or None."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != PREFIX or not parts[1].isdecimal() or len(parts[1]) > 18:
        return None
    token = ApiToken.objects.filter(pk=int(parts[1])).first()
    if token is None or not hmac.compare_digest(token.secret_hash, _hash(parts[2])):
        return None
    token.user = User.objects.with_access().get(pk=token.user_id)
    return token if token.is_valid else None


def mark_used(token: ApiToken) -> None:
    """Record the use, at most once a minute, so that busy integrations do not write at every call."""
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at > now - LAST_USED_PRECISION:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_PRECISION)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
