"""Loading the signed-in person."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User


class AccountBackend(AuthenticationBackend):
    """Signs in by user name or email (django-allauth) and loads the person with their rights at once."""

    def get_user(self, user_id: int) -> User | None:
        """Return the active person with organisation, permissions and groups: one query."""
        user = User.objects.with_access().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
