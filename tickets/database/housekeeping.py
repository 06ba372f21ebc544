"""Removing what has served its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings

from accounts.models import RateBucket
from drafts.services import purge_drafts
from tickets.models import IdempotencyKey

#: As long as an answer is repeated for its key (API-02).
KEPT = timedelta(hours=24)


def purge_expired(*, now: datetime) -> int:
    """Delete idempotency keys and request counters older than a day, old drafts, expired sessions; return how many.

    Idempotent; takes no lock that a request waits for.
    """
    keys, _ = IdempotencyKey.objects.filter(created_at__lt=now - KEPT).delete()
    buckets, _ = RateBucket.objects.filter(window_start__lt=now - KEPT).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return keys + buckets + purge_drafts(now=now)
