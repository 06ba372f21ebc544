"""What meetings of the change advisory board tell: agenda, beginning of a vote, minutes (CHG-02)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from changes.cab.models import Meeting
from notifications.events import Channel, Event, register_event
from notifications.services import give_notice


def _of_meeting(code: str, label: Any, subject: Any, icon: str) -> Event:
    mail = (Channel.EMAIL.value,)
    return Event(
        code=code,
        label=label,
        subject=subject,
        body="{text}\n\n{link}",
        icon=icon,
        urgent_channels=mail,
        presses=False,
    )


register_event(
    _of_meeting("cab_invited", _("Agenda of the change advisory board"), _("Agenda: {summary}"), "users-group"),
    _of_meeting(
        "cab_opened", _("The change advisory board votes electronically"), _("Please vote: {summary}"), "gavel"
    ),
    _of_meeting("cab_minutes", _("Minutes of the change advisory board"), _("Minutes: {summary}"), "notes"),
    _of_meeting(
        "cab_cancelled",
        _("A meeting of the change advisory board is cancelled"),
        _("Cancelled: {summary}"),
        "calendar-off",
    ),
)


def tell_of_meeting(
    *, what: str, meeting: Meeting, readers: Sequence[int], text: dict[str, str], now: datetime
) -> None:
    """Store the notice in the transaction of what happened; each time it happens it is told once.

    ``what``: the code of an event; ``text`` by language.
    """
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
