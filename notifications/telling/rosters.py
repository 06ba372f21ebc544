"""What people are told of swaps of duty (ORG-05)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from duty.models import Roster
from duty.signals import duty_moved, swap_moved
from itsm.moments import moment_for_all
from notifications.events import Event, register_event
from notifications.services import give_notice
from notifications.texts import named

register_event(
    Event(
        code="swap_proposed",
        label=_("A swap of duty is proposed to you"),
        subject=_("{actor} proposes to swap duty: {summary}"),
        body="{text}",
        icon="calendar-user",
        presses=False,
    ),
    Event(
        code="swap_accepted",
        label=_("Your swap of duty is accepted"),
        subject=_("{actor} accepts to swap duty: {summary}"),
        icon="calendar-user",
        presses=False,
    ),
    Event(
        code="swap_declined",
        label=_("Your swap of duty is declined"),
        subject=_("{actor} declines to swap duty: {summary}"),
        icon="calendar-user",
        presses=False,
    ),
    Event(
        code="swap_withdrawn",
        label=_("A proposed swap of duty is taken back"),
        subject=_("{actor} takes back the swap of duty: {summary}"),
        icon="calendar-user",
        presses=False,
    ),
    Event(
        code="swap_made",
        label=_("Your turns of duty were swapped"),
        subject=_("{actor} swapped turns of yours: {summary}"),
        icon="calendar-user",
        presses=False,
    ),
    Event(
        code="duty_moved",
        label=_("Your days of duty changed"),
        subject=_("{actor} changed the duty roster: {summary}"),
        body="{text}",
        icon="calendar-user",
        presses=False,
    ),
)


@receiver(swap_moved)
def tell_swap(
    sender: Any,
    roster: Roster,
    step: str,
    people: list[User],
    by: User,
    first: datetime,
    second: datetime,
    note: str,
    key: str,
    now: datetime,
    **context: Any,
) -> None:
    """Store the notice of a step of a swap, in its transaction."""
    when = " ⇄ ".join(map(moment_for_all, (first, second)))
    _tell(roster, f"swap_{key}", f"swap_{step}", people, by, when, note, now)


@receiver(duty_moved)
def tell_moved(
    sender: Any,
    roster: Roster,
    people: list[User],
    by: User,
    span: tuple[datetime, datetime],
    note: str,
    now: datetime,
    **context: Any,
) -> None:
    """Store the notice that days went to somebody else, in the transaction of the change."""
    _tell(roster, f"duty_{uuid.uuid4()}", "duty_moved", people, by, " – ".join(map(moment_for_all, span)), note, now)


def _tell(
    roster: Roster, key: str, event: str, people: list[User], by: User, when: str, note: str, now: datetime
) -> None:
    group = roster.group
    summary = {"zh": f"{group.name_zh} {when}", "en": f"{group.name_en or group.name_zh} {when}"}
    give_notice(
        key=key,
        event=event,
        ticket=None,
        recipients=people,
        urgent=False,
        at=now,
        payload={
            "actor": named(by),
            "summary": summary,
            "text": note,
            "path": reverse("duty:roster", args=[roster.pk]),
        },
        rooms=False,
    )
