"""What recurring changes tell whoever owns them."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from changes.models import Change
from changes.recurring.models import Recurrence
from notifications.events import Channel, Event, register_event
from notifications.services import give_notice

register_event(
    Event(
        code="change_recurred",
        label=_("A recurring change of yours came again, or could not"),
        subject=_("Recurring change: {text}"),
        body="{text}\n\n{link}",
        icon="repeat",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
)


def tell_of_recurrence(
    *, recurrence: Recurrence, begins_at: datetime, change: Change | None, text: dict[str, str], now: datetime
) -> None:
    """Tell its owner of a date, once; the link goes to what was raised, else to the rule. ``text`` by language."""
    path = {} if change else {"path": reverse("changes:recurrence", args=[recurrence.pk])}
    give_notice(
        key=f"change_recurred:{recurrence.pk}:{begins_at.isoformat()}",
        event="change_recurred",
        ticket=change,
        recipients=[recurrence.owner_id],
        urgent=False,
        at=now,
        payload={"text": text, "summary": recurrence.title, **path},
        rooms=False,
        internal=True,
    )
