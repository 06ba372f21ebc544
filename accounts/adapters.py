"""What django-allauth asks the portal."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts.signals import new_password_asked


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators; too many failures lock an account, for one address only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up is closed."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures per account and address: nobody can lock others out of their accounts from afar."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{self.get_client_ip(request)}"

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """Have it told like everything else: stored now, sent by the engine. No request waits for a mail server."""
        new_password_asked.send(type(user), user=user)
