"""The demo's announcements: a planned interruption and a piece of news, always ahead of the day of loading."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Organisation, User
from announcements.lifecycle import States
from announcements.models import Announcement
from cmdb.models import BusinessSystem

Row = dict[str, Any]


def load_announcements(rows: list[Row], now: datetime) -> None:
    """Publish what the file describes."""
    people = {user.username: user for user in User.objects.filter(username__in={row["by"] for row in rows})}
    for row in rows:
        announcement = Announcement.objects.create(
            kind=row["kind"],
            text_zh=row["zh"],
            text_en=row["en"],
            starts_at=_moment(row.get("starts"), now),
            ends_at=_moment(row.get("ends"), now),
            shown_from=_moment(row["shown_from"], now),
            shown_until=_moment(row["shown_until"], now),
            author=people[row["by"]],
            created_at=now,
            updated_at=now,
            state=States.PUBLISHED,
            published_at=now,
        )
        announcement.systems.set(BusinessSystem.objects.filter(code__in=row["systems"]))
        announcement.organisations.set(Organisation.objects.filter(code__in=row["organisations"]))


def _moment(said: Any, now: datetime) -> Any:
    """A day from today at a local time, or the present."""
    if said in (None, "now"):
        return now if said else None
    day = timezone.localtime(now).date() + timedelta(days=said["day"])
    return timezone.make_aware(datetime.combine(day, time.fromisoformat(said["time"])))
