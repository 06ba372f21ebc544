"""What meetings of the change advisory board tell: agenda, beginning of a vote, minutes (CHG-02)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from changes.signals import cab_news
from notifications.events import Channel, Event, register_event
from notifications.services import give_notice

_MAIL = (Channel.EMAIL.value,)

register_event(
    Event(
        code="cab_invited",
        label=_("Agenda of the change advisory board"),
        subject=_("Agenda: {summary}"),
        body="{text}\n\n{link}",
        icon="users-group",
        urgent_channels=_MAIL,
        presses=False,
    ),
    Event(
        code="cab_opened",
        label=_("The change advisory board votes electronically"),
        subject=_("Please vote: {summary}"),
        body="{text}\n\n{link}",
        icon="gavel",
        urgent_channels=_MAIL,
        presses=False,
    ),
    Event(
        code="cab_minutes",
        label=_("Minutes of the change advisory board"),
        subject=_("Minutes: {summary}"),
        body="{text}\n\n{link}",
        icon="notes",
        urgent_channels=_MAIL,
        presses=False,
    ),
    Event(
        code="cab_cancelled",
        label=_("A meeting of the change advisory board is cancelled"),
        subject=_("Cancelled: {summary}"),
        body="{text}\n\n{link}",
        icon="calendar-off",
        urgent_channels=_MAIL,
        presses=False,
    ),
)


@receiver(cab_news)
def tell_of_meeting(
    sender: Any, what: str, meeting: Any, readers: list[int], text: dict[str, str], now: datetime, **context: Any
) -> None:
    """Store the notice in the transaction of what happened; each time it happens it is told once."""
    give_notice(
        key=f"{what}:{meeting.pk}:{now.isoformat()}",
        event=what,
        ticket=None,
        recipients=readers,
        urgent=False,
        at=now,
        payload={"summary": meeting.title, "text": text, "path": reverse("changes:meeting", args=[meeting.pk])},
        rooms=False,
        internal=True,
    )
