"""Telling those whom the rules name when a ticket of high priority is registered, or raised to it (MAJ-01)."""

from __future__ import annotations

from datetime import datetime

from django.utils.module_loading import import_string

from sla.clocks import timers
from sla.clocks.firing import declare
from sla.models import NoticeRule
from sla.promises.policies import current_book
from tickets.lifecycle import Phase
from tickets.models import Ticket, TimelineEntry


def declare_priority(ticket: Ticket, entry: TimelineEntry, now: datetime) -> None:
    """Give the notices of the rules "registered" of the ticket's priority, once; one query when it may be news.

    The tasks of such a ticket are no news of their own, and kinds that cannot be major call nobody.
    """
    changed = any(change["field"] in ("priority", "duplicate_of") for change in entry.changes)
    created = not entry.state_from
    if (
        timers.is_quiet()
        or not ticket.kind_info.can_be_major
        or ticket.phase not in (Phase.OPEN, Phase.WAITING)
        or not (changed or created)
        or ticket.parent_id
        or ticket.duplicate_of_id
    ):
        return
    on = NoticeRule.On.REGISTERED
    rules = [rule for rule in current_book().rules if rule.priority_id == ticket.priority_id and rule.on == on]
    if rules:
        declare(ticket, rules, now)


def follow_emergency(entry: TimelineEntry, now: datetime) -> None:
    """Let the emergency procedure of its kind, if it has one, follow the step; last of all (MAJ-01).

    Nothing is started for what is loaded or imported: it lies behind, and nobody works by it.
    """
    emergency = entry.ticket.kind_info.emergency
    if emergency is not None and not timers.is_quiet() and entry.via != TimelineEntry.Via.IMPORT:
        import_string(emergency.follow)(entry.ticket, entry, now)
