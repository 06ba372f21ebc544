"""Recording access: sign-ins, failures, lockouts, sessions that ended, passwords, tokens (SEC-03)."""

from __future__ import annotations

import ipaddress
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from accounts.access.models import AccessEvent
from accounts.models import User

Kind = AccessEvent.Kind


def record_access(
    kind: str, *, request: HttpRequest | None = None, person: Any = None, name: str = "", detail: str = ""
) -> AccessEvent:
    """Add a line to the log of access. Never a password, a key or a link: only who, from where, when."""
    known = person if isinstance(person, User) else None
    return AccessEvent.objects.create(
        at=timezone.now(),
        kind=kind,
        person=known,
        name=_plain(name or (known.username if known else ""), 150),
        address=_address(request),
        browser=_plain(request.META.get("HTTP_USER_AGENT", "") if request else "", 200),
        detail=_plain(detail, 200),
    )


def _plain(text: str, length: int) -> str:
    """``text`` as a column takes it: PostgreSQL stores no zero characters, and a line is a line."""
    return " ".join(text.replace("\0", " ").split())[:length]


def _address(request: HttpRequest | None) -> str | None:
    """Where the request comes from, behind the proxies that are known."""
    if request is None or not request.META.get("REMOTE_ADDR"):
        return None
    try:
        return str(ipaddress.ip_address(get_adapter(request).get_client_ip(request)))
    except (ValueError, PermissionDenied):
        return None
