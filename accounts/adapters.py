"""What django-allauth asks the portal."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest

from accounts.access.log import Kind, record_access
from accounts.models import User
from accounts.signals import new_password_asked
from itsm.sealing import NotSealedError, seal, unseal

SECOND_FACTOR, SEALED = "second factor", "sealed:"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators; too many failures lock an account, for one address only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up is closed."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Record that somebody is locked out for a while."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            name = credentials.get("username") or credentials.get("email") or ""
            record_access(Kind.LOCKED, request=request, name=str(name))
            raise

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures per account and address: nobody can lock others out of their accounts from afar.

        User name and mail of one account are counted together.
        """
        typed = str(credentials.get("email") or credentials.get("username") or "").strip()
        named = User.objects.order_by("pk").filter(Q(username__iexact=typed) | Q(email__iexact=typed))
        key = named.values_list("pk", flat=True).first() if typed else None
        login = f"account {key}" if key is not None else typed.lower()
        return f"{login}:{self.get_client_ip(request)}"

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """Have it told like everything else: stored now, sent by the engine. No request waits for a mail server."""
        new_password_asked.send(type(user), user=user)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are sealed: what a backup holds makes nobody's codes."""

    def encrypt(self, text: str) -> str:
        """The secret as the database keeps it."""
        return f"{SEALED}{seal(text, purpose=SECOND_FACTOR)}"

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; one of before they were sealed as it is, and one nobody knows when it cannot be opened."""
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        try:
            return unseal(encrypted_text.removeprefix(SEALED), purpose=SECOND_FACTOR)
        except NotSealedError:
            return base64.b32encode(secrets.token_bytes(20)).decode("ascii")  # no code fits; an empty one would
