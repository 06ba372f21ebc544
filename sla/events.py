"""What people are told by clocks: see ``notifications.events``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Event, register_event

_ON_TICKET = _("{number} {summary}\nPriority: {priority}   State: {state}\nGroup: {group}   Assignee: {assignee}")

EVENTS = (
    Event(
        code="limit_near",
        label=_("A limit comes near"),
        subject=_("[{priority}] Limit comes near: {number} {summary}"),
        body=_ON_TICKET,
        icon="clock-exclamation",
    ),
    Event(
        code="limit_passed",
        label=_("A limit has passed"),
        subject=_("[{priority}] Limit has passed: {number} {summary}"),
        body=_ON_TICKET,
        icon="alarm",
    ),
    Event(
        code="declared",
        label=_("A ticket of high priority is registered"),
        subject=_("[{priority}] Registered: {number} {summary}"),
        body=_ON_TICKET,
        icon="urgent",
    ),
    Event(
        code="not_responded",
        label=_("A ticket is not responded to"),
        subject=_("[{priority}] Not responded to: {number} {summary}"),
        body=_ON_TICKET,
        icon="alarm",
    ),
    Event(
        code="not_resolved",
        label=_("A ticket is not resolved"),
        subject=_("[{priority}] Not resolved: {number} {summary}"),
        body=_ON_TICKET,
        icon="alarm",
    ),
    Event(
        code="timer_failed",
        label=_("A rule of a clock could not be carried out"),
        subject=_("A clock's rule failed: {summary}"),
        body=_("The portal tried several times and gave up: {text}"),
        icon="alert-triangle",
    ),
)


def register() -> None:
    """Make them known to templates, choices and pages."""
    register_event(*EVENTS)
