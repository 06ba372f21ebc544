"""What people are told by clocks: see ``notifications.events``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Channel, Event, register_event

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
        code="escalated",
        label=_("A ticket is escalated, because time is over"),
        subject=_("[{priority}] Escalated: {number} {summary}"),
        body=_ON_TICKET,
        icon="arrow-up-right",
    ),
    Event(
        code="closes_soon",
        label=_("Your ticket closes by itself soon"),
        subject=_("Is it solved? {number} {summary} closes by itself on {due}"),
        body=_(
            "Your ticket is resolved. If nobody objects, it closes by itself on {due}.\n\n"
            "Is it solved? Please answer here, without signing in:\n{confirm}"
        ),
        icon="clock-check",
        urgent_channels=(Channel.EMAIL.value,),
        asks=True,
        presses=False,
    ),
    Event(
        code="closed_by_time",
        label=_("A ticket of yours closed by itself"),
        subject=_("Closed: {number} {summary}"),
        body=_("It was resolved and nobody objected in time. If it is not solved, please call the service desk."),
        icon="circle-check",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="agreed",
        label=_("A time was agreed with you"),
        subject=_("Agreed for {due}: {number} {summary}"),
        body=_("{actor}: {text}"),
        icon="calendar-time",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="agreed_near",
        label=_("An agreed time comes near"),
        subject=_("[{priority}] Agreed for {due}: {number} {summary}"),
        body=_ON_TICKET,
        icon="calendar-time",
    ),
    Event(
        code="agreed_over",
        label=_("An agreed time has come"),
        subject=_("[{priority}] The agreed time {due} has come: {number} {summary}"),
        body=_ON_TICKET,
        icon="calendar-exclamation",
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
