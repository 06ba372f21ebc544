"""What problems tell people: raised (PRB-03), ended (PRB-07), a month over (PRB-09). Rounds tell of solutions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from notifications.events import Channel, Event, register_event
from notifications.reactions import NOTICES, Happening, Reaction, Recipients
from notifications.services import give_notice


def _managers(happening: Happening) -> list[int]:
    return happening.people("problem_manager")


def _concerned(happening: Happening) -> list[int]:
    """Who raised it, its owner, and those who see to its review (PRB-07)."""
    problem = happening.ticket
    own = [key for key in (problem.registered_by_id, problem.assignee_id) if key]
    return list(dict.fromkeys([*own, *_managers(happening)]))


register_event(
    Event(
        code="problem_raised",
        label=_("A problem waits to be assigned"),
        subject=_("Problem raised: {number} {summary}"),
        body=_("{actor}: {text}\n\nPlease check and classify it, and choose its owner."),
        icon="puzzle",
        presses=False,
    ),
    Event(
        code="problem_ended",
        label=_("A problem that concerns you is resolved or given up"),
        subject=_("{number}: {state} · {summary}"),
        body=_("{actor}: {text}\n\nState: {state}\n{link}"),
        icon="puzzle",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="problem_month",
        label=_("Monthly report of problems"),
        subject=_("Monthly report of problems {summary}"),
        body="{text}\n\n{link}",
        icon="report",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="problem_invited",
        label=_("Invitation to talk about the cause of your tickets"),
        subject=_("Invitation: {summary}"),
        body="{text}\n\n{link}",
        icon="messages",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
)

NOTICES.update(
    {
        "problem_raised": Reaction("problem_raised", _managers, Recipients.STAFF),
        "problem_ended": Reaction("problem_ended", _concerned, Recipients.STAFF),
    }
)


def tell_customer(*, key: str, readers: Sequence[int], summary: str, text: dict[str, str], now: datetime) -> None:
    """Send the invitation to the contacts of one customer, once for each ``key``; ``text`` by language (PRB-10)."""
    give_notice(
        key=f"problem_invited:{key}",
        event="problem_invited",
        ticket=None,
        recipients=readers,
        urgent=False,
        at=now,
        payload={"summary": summary, "text": text, "path": reverse("tickets:portal")},
        rooms=False,
    )
