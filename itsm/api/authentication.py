"""Who asks: the owner of a token, or the person who is signed in to the pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.access.tokens import find_token, mark_used
from accounts.models import ApiToken, User

SCHEME = "bearer"


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer itsm_…``."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return owner and token; None without the header. Raises AuthenticationFailed for an invalid one."""
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != SCHEME:
            return None
        token = find_token(text.strip())
        if token is None:
            raise AuthenticationFailed(_("This token is not valid, expired or revoked."))
        mark_used(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return 'Bearer realm="api"'


class HasScope(BasePermission):
    """A token reaches only what its scopes name; whoever is signed in to the pages is not limited by scopes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Check the scope that the view names for reading or writing."""
        if not request.user or not request.user.is_authenticated:
            return False
        needed = view.reads if request.method in SAFE_METHODS else view.writes
        if needed and isinstance(request.auth, ApiToken) and needed not in request.auth.scopes:
            raise PermissionDenied(_("This token lacks the scope “%(scope)s”.") % {"scope": needed})
        return True
