"""What the ticket's page shows of an emergency: who commands, who is called in, what was said, the first tasks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from incidents.emergencies.forms import AUDIENCES, CHANNELS
from incidents.emergencies.models import CallIn
from incidents.emergencies.rules import is_calling
from tasks.models import Task
from tickets.actions import Available
from tickets.models import Ticket, TimelineEntry
from tickets.querysets import LIVE
from tickets.workspace.pages import button_of, task_line

#: Who commands, and what the panel offers for it.
COMMAND = ("take_command", "hand_over_command")
ANSWERS = ("answer_coming", "join_call", "answer_cannot")
STEPS = ("call_in", "escalate_to_leadership", "log_communication", "record_call_answer")
#: A call that was not answered for so long stands out.
PATIENCE = timedelta(minutes=5)
SHOWN_WORDS = 50


@dataclass(frozen=True)
class CallLine:
    """A call as the panel shows it. ``tone`` of the answer; ``waited`` minutes while there is none."""

    call: CallIn
    tone: str
    answer: Any
    waited: int | None
    is_late: bool


@dataclass(frozen=True)
class Words:
    """An entry of the communication log. ``said_at``: typed by hand, when it differs from when it was logged."""

    entry: TimelineEntry
    audience: str
    channel: str
    said_at: datetime | None


def panel_of(ticket: Any, available: Iterable[Available], user: User, now: datetime) -> dict[str, Any] | None:
    """The emergency of ``ticket`` for ``user``: for staff all of it, for a guest the call; None for everybody else.

    No query without an emergency, at most four with one.
    """
    if ticket.emergency_since is None and ticket.called_in_at is None:
        return None
    buttons = {item.action.name: button_of(item.action, ticket) for item in available if item.enabled}
    offered = {
        "answers": [buttons[name] for name in ANSWERS if name in buttons],
        "mine": next((call for call in reversed(ticket.calls) if call.person_id == user.pk), None),
    }
    if not user.may(Permission.INTERNAL):
        shown = offered["mine"] is not None and is_calling(ticket, user) is None
        return {**offered, "for_guest": True} if shown else None
    return {
        **offered,
        **state_of(ticket, now),
        "command": [buttons[name] for name in COMMAND if name in buttons],
        "steps": [buttons[name] for name in STEPS if name in buttons],
        "calls_alone": ticket.emergency_since is None,
    }


def state_of(ticket: Any, now: datetime) -> dict[str, Any]:
    """The emergency as staff read it, in pages and API. Three queries, and one for the commander's name."""
    tasks = list(tasks_of(ticket))
    lines = [call_line(call, now) for call in ticket.calls]
    return {
        "runs": ticket.in_emergency,
        "since": ticket.emergency_since,
        "over_at": ticket.emergency_over_at,
        "commander": ticket.commander,
        "calls": lines,
        "unanswered": sum(line.waited is not None for line in lines),
        "words": words_of(ticket),
        "tasks": [task_line(task) for task in tasks],
        "tasks_over": sum(task.phase not in LIVE for task in tasks),
    }


def call_line(call: CallIn, now: datetime) -> CallLine:
    """How ``call`` stands at ``now``."""
    tones = {"": "soon", "coming": "info", "cannot": "neutral", "joined": "ok"}
    if call.answer:
        return CallLine(call, tones[call.answer], call.get_answer_display(), None, is_late=False)
    waited = now - call.called_at
    return CallLine(
        call,
        "late" if waited >= PATIENCE else "soon",
        _("no answer yet"),
        max(int(waited.total_seconds() // 60), 0),
        is_late=waited >= PATIENCE,
    )


def words_of(ticket: Ticket) -> list[Words]:
    """The communication log, the newest first."""
    found = ticket.timeline.filter(action="log_communication").select_related("actor").order_by("-at", "-id")
    audiences, channels = dict(AUDIENCES), dict(CHANNELS)
    return [
        Words(
            entry,
            str(audiences.get(entry.data.get("audience"), "")),
            str(channels.get(entry.data.get("channel"), "")),
            parse_datetime(entry.data["said_at"]) if entry.data.get("said_at") else None,
        )
        for entry in found[:SHOWN_WORDS]
    ]


def tasks_of(ticket: Ticket) -> Any:
    """The tasks that the procedure began with, in order."""
    found = Task.objects.filter(parent_id=ticket.pk, holds_parent=False)
    return found.select_related("assignee", "group").order_by("id")
