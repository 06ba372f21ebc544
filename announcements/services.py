"""What publishing and ending mean to others, and putting announcements away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from announcements.models import Announcement, Dismissal
from announcements.telling import tell_affected, withdraw_mails


def tell(*, record: Announcement, now: datetime, **context: Any) -> None:
    """Tell those affected of an interruption by mail (NTF-04); one that is published anew is told again."""
    tell_affected(record, now)


def withdraw(*, record: Announcement, **context: Any) -> None:
    """Mails about what has ended stay here."""
    withdraw_mails(record)


def dismiss(*, announcement: Announcement, user: User, now: datetime) -> None:
    """Show it to ``user`` no longer, unless it changes. Idempotent."""
    Dismissal.objects.update_or_create(announcement=announcement, user=user, defaults={"at": now})
