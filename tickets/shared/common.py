"""Actions that any kind of ticket may take, in any state: a set each, and all of them together."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from records.lifecycle import ANY
from tickets import guards, rules
from tickets.lifecycle import ActionSet, Section

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket


#: Writing something, saying how long it took, passing on what somebody who left held.
talking = ActionSet()


@talking.action(
    source=ANY,
    label=_("Reply"),
    done=_("replied"),
    tells=("replied",),
    allow=rules.may_reply,
    form="tickets.shared.forms.CommentForm",
    icon="message",
    key="r",
    versioned=False,
    menu=False,
    bulk=True,
)
def comment(ticket: Ticket, *, user: User, now: datetime, text: str) -> None:
    """Write something that the requester sees too."""


@talking.action(
    source=ANY,
    label=_("Internal note"),
    done=_("added an internal note"),
    tells=("noted",),
    allow=rules.may_read_internal,
    form="tickets.shared.forms.CommentForm",
    icon="lock",
    key="i",
    public=False,
    versioned=False,
    menu=False,
    bulk=True,
)
def note(ticket: Ticket, *, user: User, now: datetime, text: str) -> None:
    """Write something that only staff see."""


@talking.action(
    source=ANY,
    label=_("Log time"),
    done=_("logged time"),
    allow=rules.may_read_internal,
    form="tickets.shared.forms.TimeForm",
    effect="tickets.shared.worktime.record_time",
    icon="clock-edit",
    public=False,
    versioned=False,
    menu=False,
)
def log_time(ticket: Ticket, *, user: User, now: datetime, minutes: int, text: str) -> None:
    """Record how long you worked on it, for the reports on the use of people (TKT-11)."""


@talking.action(
    source=ANY,
    label=_("Hand on"),
    done=_("was handed on: its assignee was switched off"),
    form="tickets.shared.forms.HandOnForm",
    tells=("assigned",),
    system=True,
    icon="user-off",
    public=False,
    versioned=False,
)
def hand_on(ticket: Ticket, *, user: None, now: datetime, assignee: User | None) -> None:
    """Leave what somebody who was switched off held to the group's lead, or to the group's queue (INC-22)."""
    ticket.assignee = assignee


#: Asking for more speed.
urging = ActionSet()


@urging.action(
    source=ANY,
    label=_("Urge"),
    done=_("urged"),
    tells=("urged",),
    allow=rules.may_urge,
    guards=(guards.is_live, guards.is_with_another),
    form="tickets.shared.forms.UrgeForm",
    icon="bell-ringing",
    key="u",
    versioned=False,
    section=Section.HELP,
)
def urge(ticket: Ticket, *, user: User, now: datetime, text: str) -> None:
    """Ask for more speed; assignee and group are told, and it is counted."""
    ticket.urge_count += 1


#: Being told how it goes on.
watching = ActionSet()


@watching.action(
    source=ANY,
    label=_("Watch"),
    done=_("watches this ticket"),
    allow=rules.may_see,
    effect="tickets.services.watch",
    icon="eye",
    public=False,
    versioned=False,
    menu=False,
    bulk=True,
    undo="unwatch",
)
def watch(ticket: Ticket, *, user: User, now: datetime) -> None:
    """Be told how this ticket goes on."""


@watching.action(
    source=ANY,
    label=_("Stop watching"),
    done=_("stopped watching"),
    allow=rules.may_see,
    effect="tickets.services.unwatch",
    icon="eye-off",
    public=False,
    versioned=False,
    menu=False,
    undo="watch",
)
def unwatch(ticket: Ticket, *, user: User, now: datetime) -> None:
    """No longer be told how this ticket goes on."""


#: Joining it to other tickets.
relating = ActionSet()


@relating.action(
    source=ANY,
    label=_("Relate"),
    done=_("related to another ticket"),
    allow=rules.may_read_internal,
    form="tickets.shared.forms.LinkForm",
    effect="tickets.services.link_tickets",
    icon="link",
    key="l",
    public=False,
    versioned=False,
    undo="unlink",
)
def link(ticket: Ticket, *, user: User, now: datetime, meaning: str, target: Any) -> None:
    """Relate this ticket to another one; both show it."""


@relating.action(
    source=ANY,
    label=_("Remove relation"),
    done=_("removed a relation"),
    allow=rules.may_read_internal,
    form="tickets.shared.forms.UnlinkForm",
    effect="tickets.services.unlink_tickets",
    removes=True,
    icon="unlink",
    public=False,
    versioned=False,
    menu=False,
    undo="link",
)
def unlink(ticket: Ticket, *, user: User, now: datetime, meaning: str, target: Any) -> None:
    """Remove a relation between this ticket and another one."""


#: Saying which configuration items it is about.
naming_items = ActionSet()


@naming_items.action(
    source=ANY,
    label=_("Add configuration items"),
    done=_("added configuration items"),
    allow=rules.may_handle,
    form="tickets.shared.forms.ItemsForm",
    effect="tickets.services.add_items",
    icon="server",
    public=False,
    versioned=False,
)
def add_items(ticket: Ticket, *, user: User, now: datetime, items: Any) -> None:
    """Say which configuration items the ticket is about."""


@naming_items.action(
    source=ANY,
    label=_("Remove configuration items"),
    done=_("removed configuration items"),
    allow=rules.may_handle,
    form="tickets.shared.forms.RemoveItemsForm",
    effect="tickets.services.remove_items",
    removes=True,
    icon="server-off",
    public=False,
    versioned=False,
    menu=False,
)
def remove_items(ticket: Ticket, *, user: User, now: datetime, items: Any) -> None:
    """Take configuration items off the ticket."""


#: What nearly every kind takes.
common_actions = ActionSet(talking, urging, watching, relating, naming_items)
