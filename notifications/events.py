"""What people are told of, and how each event reads when nobody edited its template.

An event is declared once: audience, channels by default, and its texts with placeholders of ``PLACEHOLDERS``.
Apps above add their own with ``register_event`` when they start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import Promise

    Text = str | Promise


class Channel(models.TextChoices):
    """Ways to people. Those of ``PERSONAL`` lead to one person, the others to whoever reads a room or a program."""

    PORTAL = "portal", _("In the portal")
    EMAIL = "email", pgettext_lazy("channel", "Email")
    SMS = "sms", _("SMS")
    WECOM = "wecom", _("WeCom robot")
    DINGTALK = "dingtalk", _("DingTalk robot")
    FEISHU = "feishu", _("Feishu robot")
    WEBHOOK = "webhook", _("Webhook")


PERSONAL = (Channel.PORTAL.value, Channel.EMAIL.value, Channel.SMS.value)
#: What people and administrators choose among; in the portal everything is shown.
CHOSEN = (Channel.EMAIL.value, Channel.SMS.value)
#: Where an urgent notice goes too when its channel fails.
FALLBACK = {Channel.EMAIL.value: Channel.SMS.value, Channel.SMS.value: Channel.EMAIL.value}

#: A test of the whole path, again and again; its notices have no reader.
TEST_EVENT = "canary"

#: The words that a template may contain in braces, and what each stands for.
PLACEHOLDERS: dict[str, Text] = {
    "number": _("number of the ticket"),
    "summary": _("summary of the ticket"),
    "priority": _("priority"),
    "state": _("state of the ticket"),
    "group": _("assigned group"),
    "assignee": _("assignee"),
    "requester": _("requester"),
    "organisation": _("customer"),
    "system": _("business system"),
    "actor": _("who did it"),
    "text": _("what was written"),
    "due": _("the limit, or when it was due"),
    "late": _("how late the notice is; empty when it is in time"),
    "link": _("address of the ticket's page"),
    "confirm": _("address at which the requester says whether it is solved"),
    "recipient": _("name of the reader"),
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that people are told of.

    ``subject`` is also the line in the bell; ``body`` what mails add to it; ``short`` what SMS and chat rooms get,
    the subject unless given. ``channels``: beyond the portal, unless an administrator or the reader chose others.
    ``presses``: staff are shown an urgent one on every page until they acknowledge it.
    ``asks``: the mail carries a link with which the requester answers without signing in.
    ``personal``: about the reader's own account, so nobody can refuse or hide it.
    """

    code: str
    label: Text
    subject: Text
    body: Text = ""
    short: Text = ""
    icon: str = "bell"
    channels: tuple[str, ...] = (Channel.EMAIL.value,)
    urgent_channels: tuple[str, ...] = (Channel.EMAIL.value, Channel.SMS.value)
    presses: bool = True
    asks: bool = False
    personal: bool = False

    def defaults(self, *, urgent: bool) -> tuple[str, ...]:
        """Channels unless somebody chose others."""
        return self.urgent_channels if urgent else self.channels


_events: dict[str, Event] = {}


def register_event(*events: Event) -> None:
    """Make ``events`` known to templates, choices and pages. A later one with the same code takes its place."""
    _events.update({event.code: event for event in events})


def event_of(code: str) -> Event:
    """The event with ``code``; for one that is not known any more, a plain one."""
    return _events.get(code) or Event(code=code, label=code, subject="{number} {summary}")


def calm_events() -> list[str]:
    """Codes of events that press nobody, however urgent the ticket is."""
    return [event.code for event in _events.values() if not event.presses]


def events() -> Iterable[Event]:
    """Every event, in the order of registration."""
    return _events.values()


_ON_TICKET = _("{number} {summary}\nPriority: {priority}   State: {state}\nGroup: {group}   Assignee: {assignee}")

register_event(
    Event(
        code="received",
        label=_("Your ticket is registered"),
        subject=_("Registered: {number} {summary}"),
        body=_("We have registered your request as {number}. You are told when it goes on."),
        icon="ticket",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="assigned",
        label=_("A ticket is assigned to you or your group"),
        subject=_("[{priority}] Assigned: {number} {summary}"),
        body=_ON_TICKET,
        icon="arrow-right",
    ),
    Event(
        code="returned",
        label=_("A ticket came back to the desk"),
        subject=_("Returned to the desk: {number} {summary}"),
        body=_("{actor}: {text}"),
        icon="arrow-back-up",
    ),
    Event(
        code="replied",
        label=_("Somebody replied"),
        subject=_("{actor} replied to {number} {summary}"),
        body="{text}",
        icon="message",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="noted",
        label=_("A note on a ticket that you watch or handle"),
        subject=_("{actor} noted on {number} {summary}"),
        body="{text}",
        icon="lock",
        channels=(),
        urgent_channels=(),
        presses=False,
    ),
    Event(
        code="mentioned",
        label=_("Somebody mentioned you"),
        subject=_("{actor} mentioned you in {number} {summary}"),
        body="{text}",
        icon="at",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="urged",
        label=_("A ticket is urged"),
        subject=_("[{priority}] Urged: {number} {summary}"),
        body=_("{actor} asks for more speed: {text}"),
        icon="bell-ringing",
    ),
    Event(
        code="duplicate",
        label=_("Another ticket is a duplicate of yours"),
        subject=_("{number} solves one more ticket: {text}"),
        body=_ON_TICKET,
        icon="copy",
        channels=(),
        urgent_channels=(),
        presses=False,
    ),
    Event(
        code="task_over",
        label=_("A task of your ticket is over"),
        subject=_("{number}: {text}"),
        body=_ON_TICKET,
        icon="subtask",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="waits_again",
        label=_("A ticket of your group waits again"),
        subject=_("Waits again: {number} {summary}"),
        body=_("It was put on hold before. {actor}: {text}"),
        icon="player-pause",
    ),
    Event(
        code="wait_over",
        label=_("A wait is over"),
        subject=_("The wait is over: {number} {summary}"),
        body=_("The time that was given for the wait has come, and the clocks count again.\nState: {state}"),
        icon="player-play",
    ),
    Event(
        code="waiting",
        label=_("Your ticket waits"),
        subject=_("{number} waits: {summary}"),
        body="{text}",
        icon="player-pause",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="resolved",
        label=_("Your ticket is resolved"),
        subject=_("Resolved: {number} {summary}"),
        body=_("{text}\n\nIs it solved? Please answer here, without signing in:\n{confirm}"),
        icon="check",
        urgent_channels=(Channel.EMAIL.value,),
        asks=True,
        presses=False,
    ),
    Event(
        code="closed",
        label=_("A ticket of yours is closed"),
        subject=_("Closed: {number} {summary}"),
        body="{text}",
        icon="circle-check",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="rate_asked",
        label=_("How was it? (after closing)"),
        subject=_("Closed: {number} {summary}"),
        body=_("{text}\n\nHow was it? Please tell us here, without signing in:\n{confirm}"),
        icon="star",
        urgent_channels=(Channel.EMAIL.value,),
        asks=True,
        presses=False,
    ),
    Event(
        code="not_solved",
        label=_("A ticket of yours was not solved"),
        subject=_("[{priority}] Not solved: {number} {summary}"),
        body=_("{actor}: {text}"),
        icon="rotate-clockwise",
    ),
    Event(
        code="priority_asked",
        label=_("A change of priority waits for you"),
        subject=_("[{priority}] Decide the priority of {number} {summary}"),
        body=_("{actor}: {text}"),
        icon="flag",
    ),
    Event(
        code="moved",
        label=_("A ticket that you watch goes on"),
        subject=_("{number}: {state} · {summary}"),
        body=_("{actor}: {text}"),
        icon="eye",
        channels=(),
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="announced",
        label=_("Interruptions and news"),
        subject="{summary}",
        body="{text}",
        icon="speakerphone",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="undelivered",
        label=_("A notice could not be delivered"),
        subject=_("Not delivered: {summary}"),
        body=_("The notice could not be handed over and nobody tries any more: {text}"),
        icon="mail-off",
        urgent_channels=(Channel.EMAIL.value, Channel.SMS.value),
        channels=(Channel.EMAIL.value, Channel.SMS.value),
    ),
)
