"""Writes that touch more than the ticket itself. Called as effects of actions, inside their transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.models import ConfigurationItem
from tickets.errors import ActionConflict
from tickets.models import AffectedItem, Ticket, TicketLink, TimelineEntry, Watcher
from tickets.shared.causes import refuse_loop
from tickets.shared.mentions import people_of


def watch(*, ticket: Ticket, user: User, **context: Any) -> None:
    """Let ``user`` follow ``ticket``. Idempotent."""
    Watcher.objects.get_or_create(ticket_id=ticket.pk, user=user)


def watch_mentioned(*, ticket: Ticket, entry: TimelineEntry) -> None:
    """Let everybody whom ``entry`` mentions follow ``ticket``. Idempotent; no query when nobody is mentioned."""
    names = [row["id"] for row in people_of(entry.data)]
    people = User.objects.filter(username__in=names) if names else []
    Watcher.objects.bulk_create([Watcher(ticket_id=ticket.pk, user=user) for user in people], ignore_conflicts=True)


def unwatch(*, ticket: Ticket, user: User, **context: Any) -> None:
    """Stop ``user`` following ``ticket``. Idempotent."""
    Watcher.objects.filter(ticket_id=ticket.pk, user=user).delete()


def relate(*, source: Ticket, target: Ticket, meaning: str, user: User | None, now: datetime) -> TicketLink:
    """Store the relation ``source <meaning> target``. Idempotent. The caller logs it."""
    link, _ = TicketLink.objects.get_or_create(
        source_id=source.pk,
        target_id=target.pk,
        meaning=meaning,
        defaults={"created_at": now, "created_by": user},
    )
    return link


def log_event(
    *,
    ticket: Ticket,
    event: str,
    user: User | None,
    now: datetime,
    is_public: bool = False,
    **data: Any,
) -> TimelineEntry:
    """Log on ``ticket`` what an action on another ticket means to it (``tickets.events`` names them).

    Programs that ask what changed see it: its position moves, unless the step that is going on has moved it already.
    Raises what ``move_position`` raises.
    """
    if ticket.updated_at < now:
        move_position(ticket=ticket, now=now)
    entry = new_event(ticket_id=ticket.pk, event=event, user=user, now=now, is_public=is_public, **data)
    entry.save(force_insert=True)
    return entry


def new_event(
    *, ticket_id: int, event: str, user: User | None, now: datetime, is_public: bool = False, **data: Any
) -> TimelineEntry:
    """The line of ``log_event``, not stored yet: for whoever stores many at once."""
    return TimelineEntry(
        ticket_id=ticket_id,
        at=now,
        actor=user,
        action=event,
        via=TimelineEntry.Via.SYSTEM,
        is_public=is_public,
        data=data,
    )


def move_position(*, ticket: Ticket, now: datetime) -> None:
    """Let programs that ask what changed see ``ticket``: what was done elsewhere shows in it, too (API-02).

    Never waits for a ticket that somebody is changing, which could dead-lock: it may point the other way. Raises
    ActionConflict then; trying again helps.
    """
    try:
        with transaction.atomic():
            list(Ticket.objects.select_for_update(nowait=True, no_key=True).filter(pk=ticket.pk).values("pk"))
    except OperationalError:
        raise ActionConflict(
            _("Somebody is changing %(number)s right now. Try again.") % {"number": ticket.number}
        ) from None
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=Greatest(F("updated_at"), Value(now)))
    ticket.updated_at = max(ticket.updated_at, now)  # so that what is logged next need not move it again


def link_tickets(*, ticket: Ticket, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Relate ``ticket`` to the chosen one; both timelines say so. Raises ActionConflict for a loop of causes."""
    target, meaning = cleaned["target"], cleaned["meaning"]
    if meaning == TicketLink.Meaning.CAUSED_BY:
        refuse_loop(effect=ticket, cause=target)
    relate(source=ticket, target=target, meaning=meaning, user=user, now=now)
    move_position(ticket=target, now=now)
    log_event(ticket=target, event="linked", user=user, now=now, number=ticket.number, meaning=meaning)


def unlink_tickets(*, ticket: Ticket, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Remove the chosen relation."""
    move_position(ticket=cleaned["target"], now=now)
    TicketLink.objects.filter(source_id=ticket.pk, target=cleaned["target"], meaning=cleaned["meaning"]).delete()


def affect_items(*, ticket: Ticket, items: Iterable[ConfigurationItem]) -> None:
    """Put ``items`` on the ticket. Idempotent."""
    rows = [AffectedItem(ticket_id=ticket.pk, item=item) for item in items]
    AffectedItem.objects.bulk_create(rows, ignore_conflicts=True)


def add_items(*, ticket: Ticket, cleaned: dict[str, Any], **context: Any) -> None:
    """Put the chosen configuration items on the ticket."""
    affect_items(ticket=ticket, items=cleaned["items"])


def remove_items(*, ticket: Ticket, cleaned: dict[str, Any], **context: Any) -> None:
    """Take the chosen configuration items off the ticket."""
    AffectedItem.objects.filter(ticket_id=ticket.pk, item__in=cleaned["items"]).delete()
