"""Publishing, ending and putting away announcements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from announcements.models import Announcement, Dismissal
from announcements.telling import tell_affected, withdraw_mails


@transaction.atomic
def save_announcement(*, form: Any, user: User, now: datetime) -> Announcement:
    """Store what ``form`` (valid) holds; a new one is a draft of ``user``. Whoever dismissed it reads it again."""
    announcement: Announcement = form.save(commit=False)
    if announcement.pk is None:
        announcement.author, announcement.created_at = user, now
    announcement.updated_at = now
    announcement.save()
    form.save_m2m()
    return announcement


@transaction.atomic
def publish(*, announcement: Announcement, now: datetime) -> None:
    """Show it from its time on, and tell those affected of an interruption by mail (NTF-04).

    An ended one is shown, and told, again, while its time is not over; one that is published already is told once.
    """
    stored = Announcement.objects.select_for_update(of=("self",), no_key=True).get(pk=announcement.pk)
    news = stored.published_at is None or stored.ended_at is not None
    announcement.published_at, announcement.ended_at, announcement.updated_at = now, None, now
    announcement.save(update_fields=["published_at", "ended_at", "updated_at"])
    if news:
        tell_affected(announcement, now)


@transaction.atomic
def end(*, announcement: Announcement, now: datetime) -> None:
    """Take it away before its time; mails about it that have not left do not leave. Idempotent."""
    announcement.ended_at = announcement.ended_at or now
    announcement.save(update_fields=["ended_at"])
    withdraw_mails(announcement)


def discard(*, announcement: Announcement) -> None:
    """Remove a draft that nobody ever read. What was published stays on record."""
    Announcement.objects.filter(pk=announcement.pk, published_at=None).delete()


def dismiss(*, announcement: Announcement, user: User, now: datetime) -> None:
    """Show it to ``user`` no longer, unless it changes. Idempotent."""
    Dismissal.objects.update_or_create(announcement=announcement, user=user, defaults={"at": now})
