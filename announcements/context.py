"""Announcements that the person reads now, for every page that draws them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from announcements.models import Announcement


def shown(request: HttpRequest) -> dict[str, Any]:
    """Template context processor: ``announcements``, a list. Costs one query, and only where it is drawn."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"announcements": []}
    found = Announcement.objects.visible_to(user).shown(timezone.now()).not_dismissed_by(user)
    return {"announcements": SimpleLazyObject(lambda: list(found))}
