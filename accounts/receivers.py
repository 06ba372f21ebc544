"""What the libraries that sign people in and out tell, written into the log of access."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.access.log import Kind, record_access
from accounts.models import ApiToken

#: A session that ended by time says so on its request: it did not sign out.
ENDED = "_itsm_session_ended"


@receiver(user_logged_in)
def signed_in(sender: Any, request: Any, user: Any, **context: Any) -> None:
    """Somebody came in."""
    record_access(Kind.SIGNED_IN, request=request, person=user)


@receiver(user_login_failed)
def failed(sender: Any, credentials: dict[str, Any], request: Any = None, **context: Any) -> None:
    """Somebody did not come in; what was typed as password is not kept."""
    name = credentials.get("username") or credentials.get("email") or ""
    record_access(Kind.FAILED, request=request, name=str(name))


@receiver(user_logged_out)
def signed_out(sender: Any, request: Any, user: Any, **context: Any) -> None:
    """Somebody left, or was away too long."""
    if user is not None:
        ended = getattr(request, ENDED, False)
        record_access(Kind.ENDED if ended else Kind.SIGNED_OUT, request=request, person=user)


@receiver(password_changed)
def changed_password(sender: Any, request: Any, user: Any, **context: Any) -> None:
    """Somebody has another password. Their API tokens go on, and they are told so: programs know no passwords."""
    record_access(Kind.PASSWORD, request=request, person=user)
    _tell_of_tokens(request, user)


@receiver(password_reset)
def set_password_by_link(sender: Any, request: Any, user: Any, **context: Any) -> None:
    """Somebody set a password by the link in a mail."""
    record_access(Kind.RESET, request=request, person=user)
    _tell_of_tokens(request, user)


def _tell_of_tokens(request: Any, user: Any) -> None:
    count = ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now()).count()
    if count and hasattr(request, "_messages"):
        said = ngettext(
            "%(count)d API token of yours goes on working. Revoke it under API tokens if others may know it.",
            "%(count)d API tokens of yours go on working. Revoke them under API tokens if others may know them.",
            count,
        )
        messages.warning(request, said % {"count": count})
