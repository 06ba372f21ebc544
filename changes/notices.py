"""What changes tell people: that one has ended that a ticket raised (INC-20), lost pre-approvals, freezes (CHG-05).

Meetings of the board and recurring changes have notices of their own (``changes.cab``, ``changes.recurring``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from changes.informing.models import AffectedNotice
from changes.models import Change, PlanStep
from changes.states import GIVEN_UP
from duty.services import desk_at, reader_keys
from notifications.events import Channel, Event, register_event
from notifications.models import Notice
from notifications.proof import said_in
from notifications.reactions import BY_SERVICES, NOTICES, Happening, Reaction, Recipients
from notifications.services import give_notice


def _cause(happening: Happening) -> Any:
    """The ticket that the change was raised from."""
    return getattr(happening.ticket, "raised_from", None)


def _handlers_of_cause(happening: Happening) -> list[int]:
    cause = _cause(happening)
    return reader_keys("assignee", cause, happening.now) if cause else []


def _was_announced(change: Change) -> bool:
    """Whether those affected were told of it."""
    return AffectedNotice.objects.filter(change=change.pk).exists()


def _raisers(happening: Happening) -> list[int]:
    """Who asked for it and who wrote it down.

    Nobody of what was announced once and is given up: they hear that it does not take place.
    """
    change: Any = happening.ticket
    if change.state in GIVEN_UP and _was_announced(change):
        return []
    return [key for key in (change.requester_id, change.registered_by_id) if key]


def _raisers_and_implementers(happening: Happening) -> list[int]:
    """Also whoever was to carry it out."""
    change: Any = happening.ticket
    if _was_announced(change):
        return []
    steps = PlanStep.objects.filter(change=change.pk).exclude(person=None).order_by("pk")
    carriers = [key for key in (change.assignee_id, *steps.values_list("person", flat=True)) if key]
    return [*dict.fromkeys((*_raisers(happening), *carriers))]


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
    Event(
        code="change_submitted",
        label=_("A change waits to be accepted"),
        subject=_("Submitted: {number} {summary}"),
        body=_("{actor} asks for this change. Please check whether it makes sense and is complete:\n{link}"),
        icon="send",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="change_accepted",
        label=_("A change that you asked for was accepted"),
        subject=_("Accepted: {number} {summary}"),
        body=_("{actor} found it sensible and complete. It goes on with assessment and approval:\n{link}"),
        icon="check",
        channels=(),
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="change_sent_back",
        label=_("A change that you asked for was sent back"),
        subject=_("Sent back: {number} {summary}"),
        body=_("{actor}: {text}\nPlease improve it and submit it again:\n{link}"),
        icon="arrow-back-up",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="change_given_up",
        label=_("A change that concerns you was rejected or cancelled"),
        subject=_("Not carried out: {number} {summary}"),
        body=_("{actor}: {text}\n\n{link}"),
        icon="ban",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="items_noticed",
        label=_("A change altered configuration items"),
        subject=_("Configuration notice: {number} {summary}"),
        body=_("{actor}: {text}\nPlease order the update of the items, or check that they are right:\n{link}"),
        icon="file-export",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="update_ordered",
        label=_("You are to update configuration items"),
        subject=_("Update configuration items: {number} {summary}"),
        body=_("{actor}: {text}\nPlease return the order when it is done:\n{link}"),
        icon="clipboard-list",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="update_returned",
        label=_("Configuration items were updated as ordered"),
        subject=_("Items updated: {number} {summary}"),
        body=_("{actor}: {text}\n{link}"),
        icon="clipboard-check",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="template_lost",
        label=_("A standard change lost its pre-approval"),
        subject=_("No longer pre-approved: {text}"),
        body=_(
            "It failed too often among its last uses, lastly with {number}. Open changes keep what they have.\n{link}"
        ),
        icon="bolt-off",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="review_owed",
        label=_("A change that was confirmed caused an incident"),
        subject=_("{number} caused {text}"),
        body=_(
            "{number} {summary}\nIt was confirmed with one tap; since then an incident was attributed to it: {text}\n"
            "Please review it in full:\n{link}"
        ),
        icon="report-search",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="change_month",
        label=_("Monthly report of changes"),
        subject=_("Monthly report of changes {summary}"),
        body="{text}\n\n{link}",
        icon="report-analytics",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="approver_told",
        label=_("A change that you were asked to decide: content and time"),
        subject=_("{number}: {summary}"),
        body=_("You were asked to decide this change for your organisation.\n{text}\n\n{link}"),
        icon="speakerphone",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="collision_found",
        label=_("Another change collides with yours"),
        subject=_("{number} collides: {text}"),
        body=_(
            "{number} {summary}\nA change or configuration items were altered so that it collides hard: {text}\n\n"
            "{link}"
        ),
        icon="arrows-cross",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="change_told",
        label=_("A change that concerns you: time, start, delay, end"),
        subject="{number} {text}",
        body=_("{number} {summary}\n{text}\n\n{link}"),
        icon="speakerphone",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
    Event(
        code="freeze_moved",
        label=_("A freeze window changed for your change"),
        subject=_("Freeze windows of {number} changed: {text}"),
        body=_("{number} {summary}\n{text}\n\n{link}"),
        icon="snowflake",
        urgent_channels=(Channel.EMAIL.value,),
        presses=False,
    ),
)


def tell_of_change(
    *,
    what: str,
    change: Change,
    readers: Iterable[int],
    text: Any,
    key: str,
    now: datetime,
    managers: bool = False,
    desk: bool = False,
) -> Notice | None:
    """Store the notice in the transaction of what happened; ``key`` tells each of it once: None when it was told.

    ``what``: the code of an event; ``text``: plain, or by language. Those who manage changes are told too
    (``managers``), and those who answer calls (``desk``).
    """
    people = [*readers, *(reader_keys("change_manager", change, now) if managers else [])]
    people += [person.pk for person in desk_at(now)] if desk else []
    return give_notice(
        key=f"{what}:{key}",
        event=what,
        ticket=change,
        recipients=list(dict.fromkeys(people)),
        urgent=False,
        at=now,
        payload={"text": text},
        rooms=False,
        internal=True,
    )


def said_of(change: Change) -> list[dict[str, Any]]:
    """The notices about the change itself with their texts, whoever got them (CHG-07)."""
    return said_in(Notice.objects.filter(ticket=change.pk))


def _change_managers(happening: Happening) -> list[int]:
    return happening.people("change_manager")


def _config_managers(happening: Happening) -> list[int]:
    return happening.people("config_manager")


def _operator(happening: Happening) -> list[int]:
    key = happening.ticket.specific.operator_id  # type: ignore[attr-defined]  # a change has one
    return [key] if key else []


BY_SERVICES.add("change_told")
NOTICES.update(
    {
        "change_ended": Reaction(
            "change_ended", _handlers_of_cause, Recipients.EVERYBODY, _ended, rooms=False, about=_cause
        ),
        "change_submitted": Reaction("change_submitted", _change_managers, Recipients.STAFF),
        "change_accepted": Reaction("change_accepted", _raisers, Recipients.STAFF),
        "change_sent_back": Reaction("change_sent_back", _raisers, Recipients.STAFF),
        "change_rejected": Reaction("change_given_up", _raisers, Recipients.STAFF),
        "change_cancelled": Reaction("change_given_up", _raisers_and_implementers, Recipients.STAFF),
        "items_noticed": Reaction("items_noticed", _config_managers, Recipients.STAFF),
        "update_ordered": Reaction("update_ordered", _operator, Recipients.STAFF),
        "update_returned": Reaction("update_returned", _config_managers, Recipients.STAFF),
    }
)
