"""What the emergency procedure tells people: who commands, who is called in, who has to help (MAJ-01, MAJ-02)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.codes import in_both
from incidents.emergencies.beginning import keys_called_at
from notifications.events import Channel, Event, register_event
from notifications.reactions import NOTICES, Happening, Reaction, Recipients

EVERYWHERE = (Channel.EMAIL.value, Channel.SMS.value)
LEADERS = ("incident_manager", "technical_lead", "system_owner", "centre_leadership")


def _commander(happening: Happening) -> list[int]:
    key = getattr(happening.ticket, "commander_id", None)
    return [key] if key else []


def _called(happening: Happening) -> list[int]:
    return keys_called_at(happening.ticket, happening.now)


def _leadership(happening: Happening) -> list[int]:
    return happening.people("centre_leadership")


def _leaders(happening: Happening) -> list[int]:
    return [*happening.people(*LEADERS), *_commander(happening)]


def _answer(happening: Happening) -> Any:
    """What the person said, kept for readers of either language: what they did, and what they wrote."""
    written = f": {happening.entry.text}" if happening.entry.text else ""
    done = happening.ticket.kind_info.actions[happening.entry.action].done
    return in_both(lambda: f"{done}{written}")


register_event(
    Event(
        code="commands",
        label=_("You command an emergency"),
        subject=_("[{priority}] You command the emergency: {number} {summary}"),
        body=_("{text}\n\nPriority: {priority}   State: {state}\nGroup: {group}   Assignee: {assignee}"),
        icon="urgent",
        channels=EVERYWHERE,
    ),
    Event(
        code="called_in",
        label=_("You are called in"),
        subject=_("[{priority}] {actor} calls you in: {number} {summary}"),
        body=_("{text}\n\nAre you coming? Please answer here, without signing in:\n{confirm}"),
        short=_("[{priority}] {actor} calls you in: {number} {summary} {link}"),
        icon="users-plus",
        channels=EVERYWHERE,
        asks=True,
    ),
    Event(
        code="call_answered",
        label=_("Somebody answered your call"),
        subject=_("{actor} · {number}: {text}"),
        body="{text}",
        icon="users-plus",
        channels=(),
        urgent_channels=(),
        presses=False,
    ),
    Event(
        code="leadership_called",
        label=_("An emergency needs the leadership"),
        subject=_("[{priority}] {actor} escalates to you: {number} {summary}"),
        body=_("Priority: {priority}   State: {state}\nGroup: {group}   Assignee: {assignee}"),
        icon="arrow-big-up-lines",
        channels=EVERYWHERE,
    ),
    Event(
        code="emergency_over",
        label=_("An emergency is over"),
        subject=_("The emergency is over: {number} {summary}"),
        body=_("Priority: {priority}   State: {state}"),
        icon="flag-check",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
)

NOTICES.update(
    {
        "commands": Reaction("commands", _commander, Recipients.ADDRESSED),
        "call_answered": Reaction("call_answered", _commander, Recipients.ADDRESSED, _answer),
        "called_in": Reaction("called_in", _called, Recipients.ADDRESSED),
        "leadership_called": Reaction("leadership_called", _leadership, Recipients.STAFF),
        "emergency_over": Reaction("emergency_over", _leaders, Recipients.EVERYBODY),
    }
)
