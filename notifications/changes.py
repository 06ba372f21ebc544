"""What changes tell people: to whoever works on what it was raised from that it has ended (INC-20)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from duty.services import reader_keys
from notifications.events import Channel, Event, register_event
from notifications.reactions import NOTICES, Happening, Reaction


def _cause(happening: Happening) -> Any:
    """The ticket that the change was raised from."""
    return getattr(happening.ticket, "raised_from", None)


def _handlers_of_cause(happening: Happening) -> list[int]:
    cause = _cause(happening)
    return reader_keys("assignee", cause, happening.now) if cause else []


def _ended(happening: Happening) -> str:
    change: Any = happening.ticket
    return f"{change.number} {change.summary}: {change.get_result_display()}"


register_event(
    Event(
        code="change_ended",
        label=_("A change raised from your ticket has ended"),
        subject=_("Did it help {number}? {text}"),
        body=_("{text}\n\nPlease say in the ticket whether it helped:\n{link}"),
        icon="replace",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
)

NOTICES.update({"change_ended": Reaction("change_ended", _handlers_of_cause, _ended, rooms=False, about=_cause)})
