"""Mails about interruptions to those whom they affect (NTF-04)."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import translation

from accounts.codes import LANGUAGES
from accounts.models import User
from announcements.models import Announcement
from itsm.moments import portal_time
from notifications.events import Channel
from notifications.models import Notice
from notifications.services import give_notice, recall


def tell_affected(announcement: Announcement, now: datetime) -> Notice | None:
    """Store a mail to everybody affected by an interruption, to leave when the announcement is shown; once.

    News tell nobody by mail: they are read in the portal, where announcements have a place of their own.
    """
    if announcement.kind == Announcement.Kind.INFORMATION or now >= announcement.shown_until:
        return None
    subject = {name: _headline(announcement, code) for name, code in LANGUAGES.items()}
    return tell_all(announcement, subject, now, not_before=announcement.shown_from)


def tell_all(
    announcement: Announcement, subject: dict[str, str], now: datetime, *, not_before: datetime | None = None
) -> Notice | None:
    """Store a mail with ``subject`` (by language) and the text as it stands, to everybody affected; once a moment."""
    leaves = max(now, not_before or now)
    return give_notice(
        key=f"{key_prefix(announcement)}{now.isoformat()}",
        event="announced",
        ticket=None,
        recipients=affected(announcement),
        urgent=False,
        at=now,
        due_at=leaves,
        not_before=leaves,
        payload={
            "summary": subject,
            "text": {name: _text(announcement, code) for name, code in LANGUAGES.items()},
            "path": reverse("announcements:list"),
        },
        without=(Channel.PORTAL, Channel.SMS),
    )


def withdraw_mails(announcement: Announcement) -> None:
    """What has not left about ``announcement`` stays."""
    recall(key=key_prefix(announcement))


def affected(announcement: Announcement) -> list[User]:
    """Active people of the organisations that it is for; of all when it names none."""
    people = User.objects.active().exclude(email="")
    chosen = list(announcement.organisations.values_list("pk", flat=True))
    return list(people.filter(organisation_id__in=chosen) if chosen else people)


def key_prefix(announcement: Announcement) -> str:
    """How the keys of its notices begin."""
    return f"announced:{announcement.pk}:"


def _headline(announcement: Announcement, language: str) -> str:
    """What kind it is and when, for the subject of a mail."""
    with translation.override(language):
        when = _span(announcement)
        return f"{announcement.get_kind_display()} {when}".strip()


def _text(announcement: Announcement, language: str) -> str:
    with translation.override(language):
        systems = ", ".join(str(system) for system in announcement.systems.all())
        return "\n".join(part for part in (announcement.text, _span(announcement), systems) if part)


def _span(announcement: Announcement) -> str:
    """From when until when, in the portal's time zone: readers in several zones get the same mail."""
    ends = [moment for moment in (announcement.starts_at, announcement.ends_at) if moment]
    return " – ".join(f"{portal_time(moment):%Y-%m-%d %H:%M}" for moment in ends)
