"""What incidents do to other records. Effects of actions: they run in the action's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from incidents.models import Incident
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionInvalid
from tickets.files.attachments import carry_over
from tickets.models import Ticket, TicketLink, TimelineEntry
from tickets.services import affect_items, log_event, move_position, relate

#: Columns that a follow-up takes over from the incident that was not solved (INC-12).
CARRIED_OVER = (
    "summary",
    "description",
    "priority",
    "impact",
    "urgency",
    "nature",
    "source",
    "category",
    "business_system",
    "complexity",
    "extent",
    "occurred_at",
    "reported_by",
    "organisation",
    "requester",
    "contact_phone",
    "contact_email",
    "registered_by",
    "group",
    "assignee",
    "supplier",
)


def complete_registration(
    *,
    ticket: Incident,
    entry: TimelineEntry,
    user: User,
    now: datetime,
    cleaned: dict[str, Any],
    **context: Any,
) -> None:
    """Put the configuration items on the new incident; assign it to a chosen group, link it to its main ticket."""
    affect_items(ticket=ticket, items=cleaned.get("items") or [])
    group, assignee = cleaned.get("group"), cleaned.get("assignee")
    if group:
        data = {"group": group.code, "assignee": assignee.username if assignee else ""}
        entry.ticket = perform(ticket, "assign", user=user, data=data, via=entry.via, now=now).ticket
    if known := cleaned.get("known_error"):
        take_at_intake(known, entry, user=user, now=now)
    if main := cleaned.get("main"):
        data = {"main": main.number, "slower": "on"}
        entry.ticket = perform(entry.ticket, "mark_duplicate", user=user, data=data, via=entry.via, now=now).ticket


def take_at_intake(known: Ticket, entry: TimelineEntry, *, user: User, now: datetime) -> None:
    """Take the workaround of the known error of a problem while the call is registered (PRB-05).

    Raises ActionConflict when it was withdrawn meanwhile.
    """
    data = {"known_error": known.number}
    try:
        entry.ticket = perform(entry.ticket, "take_known_error", user=user, data=data, via=entry.via, now=now).ticket
    except ActionInvalid:
        raise ActionConflict(_("This known error is not offered any more.")) from None


def open_follow_up(*, ticket: Incident, entry: TimelineEntry, user: User, now: datetime, **context: Any) -> Incident:
    """Open a new incident, assigned to the previous assignee, that carries the content over (INC-12).

    Somebody who was switched off leaves it to the group, a group without people to its lead, else to the desk.
    """
    new = Incident(**{name: getattr(ticket, name) for name in CARRIED_OVER})
    new.reopen_count = ticket.reopen_count + 1
    new.vendor_needed = ticket.vendor_needed
    _settle_holder(new)
    begun = perform(new, "follow_up" if new.group_id else "follow_up_at_desk", user=None, now=now)
    opened = begun.ticket
    carry_over(begun, ticket.attachments.all())
    affect_items(ticket=opened, items=ticket.items.all())
    relate(source=opened, target=ticket, meaning=TicketLink.Meaning.FOLLOW_UP, user=user, now=now)
    log = partial(log_event, user=user, now=now, is_public=True)
    log(ticket=opened, event="follows", number=ticket.number, reason=entry.text)
    log(ticket=ticket, event="followed_up", number=opened.number)
    return opened  # type: ignore[return-value]


def _settle_holder(new: Incident) -> None:
    """Leave ``new`` to people who are still there. Sets columns only."""
    if new.assignee is not None and not new.assignee.is_active:
        new.assignee = None
    if new.group is None or not new.group.active:
        new.group = new.assignee = None
    elif new.assignee is None and not new.group.members.active().exists():
        new.assignee = new.group.lead if new.group.lead and new.group.lead.is_active else None
        new.group = new.group if new.assignee else None


def close_where_that_is_enough(*, ticket: Incident, entry: TimelineEntry, now: datetime, **context: Any) -> None:
    """Close what the requester confirmed, where the customer's policy lets the confirmation close (INC-08)."""
    if ticket.organisation.closes_on_confirmation:
        entry.ticket = perform(ticket, "close_by_confirmation", user=None, now=now).ticket


def link_duplicate(*, ticket: Incident, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Relate a duplicate to its main ticket; both say so.

    Raises ActionConflict when the main ticket was resolved or marked in the meantime.
    """
    main = cleaned["main"]
    _hold_main(main)
    move_position(ticket=main, now=now)
    relate(source=ticket, target=main, meaning=TicketLink.Meaning.DUPLICATE, user=user, now=now)
    meaning = TicketLink.Meaning.DUPLICATE.value
    log_event(ticket=main, event="linked", user=user, now=now, number=ticket.number, meaning=meaning)


def _hold_main(main: Ticket) -> None:
    """Keep the main ticket from being resolved or marked until the mark is stored; never wait for it.

    Without this, a main ticket resolved at the same moment leaves its newest duplicate behind, and two
    tickets could become duplicates of one another. Waiting could dead-lock: it may point the other way.
    """
    fit = Ticket.objects.live().filter(pk=main.pk, duplicate_of=None)
    try:
        with transaction.atomic():
            held = list(fit.select_for_update(nowait=True, no_key=True).values("pk"))
    except OperationalError:
        raise ActionConflict(_("Somebody is changing the main ticket right now. Try again.")) from None
    if not held:
        raise ActionConflict(_("The main ticket is resolved, or a duplicate itself."))


def unlink_duplicate(*, ticket: Incident, now: datetime, **context: Any) -> None:
    """Remove the relation of a duplicate to its main ticket."""
    for link in TicketLink.objects.filter(source_id=ticket.pk, meaning=TicketLink.Meaning.DUPLICATE):
        move_position(ticket=link.target, now=now)
    TicketLink.objects.filter(source_id=ticket.pk, meaning=TicketLink.Meaning.DUPLICATE).delete()


def resolve_duplicates(*, ticket: Incident, now: datetime, **context: Any) -> None:
    """Resolve the live duplicates of a main ticket with it, in order of their ids (INC-11).

    Those with unfinished tasks go on by themselves: whoever works on them finishes the tasks first (INC-07).
    """
    for duplicate in _live_duplicates(ticket):
        perform(duplicate, "go_on_alone" if duplicate.children_open else "resolve_with_main", user=None, now=now)


def release_duplicates(*, ticket: Incident, now: datetime, **context: Any) -> None:
    """Let the live duplicates of a ticket that ended go on by themselves: else nothing counts for them any more."""
    for duplicate in _live_duplicates(ticket):
        perform(duplicate, "go_on_alone", user=None, now=now)


def _live_duplicates(ticket: Incident) -> Iterable[Ticket]:
    return Ticket.objects.live().filter(duplicate_of_id=ticket.pk).order_by("pk")
