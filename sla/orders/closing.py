"""Closing by itself (INC-09): a resolved ticket that nobody objects to is closed, after a reminder."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from notifications.services import give_notice
from sla.calendars.publishing import business_time
from sla.models import ClosingRule, Command
from sla.orders.ordering import WAITING, Later, Refused, order, take_back
from sla.promises.policies import current_book
from tickets.actions import perform
from tickets.lifecycle import Phase
from tickets.models import Ticket, TimelineEntry
from tickets.services import log_event

CLOSE = "close_by_time"
#: Nobody is asked once more what they have answered; it closes at its time unless the desk does so before.
CONFIRM = "confirm"
KINDS = (Command.Kind.REMIND, Command.Kind.CLOSE)
#: A reminder that comes later than this moves the closing, so that the requester has the promised time to answer.
LATE = timedelta(hours=1)
MOMENT = timedelta(seconds=5)


def follow(ticket: Ticket, entry: TimelineEntry, now: datetime) -> None:
    """Plan or stop the closing of ``ticket`` as ``entry`` asks. Sets its column, orders and cancels commands."""
    resolved, moved = ticket.phase == Phase.RESOLVED, entry.state_from != entry.state_to
    if resolved and moved and CLOSE in ticket.kind_info.actions:
        _plan(ticket, entry, now)
    elif ticket.closes_at is not None and (moved or _objects(ticket, entry)):
        take_back(ticket, KINDS, now)
        ticket.closes_at = None
    elif entry.action == CONFIRM or (moved and entry.action == CLOSE):
        take_back(ticket, [Command.Kind.REMIND], now)


def _objects(ticket: Ticket, entry: TimelineEntry) -> bool:
    """Whether the requester wrote something after it was resolved: then people decide."""
    return entry.action == "comment" and entry.actor_id is not None and entry.actor_id == ticket.requester_id


def _plan(ticket: Ticket, entry: TimelineEntry, now: datetime) -> None:
    rule = current_book().closing.get(ticket.priority_id or "")
    if rule is None or rule.calendar.current is None:
        return
    since = ticket.resolved_at or now
    closes_at = due_of(rule, since, rule.close_hours)
    ticket.closes_at = closes_at
    if rule.remind_hours:
        remind_at = due_of(rule, since, rule.remind_hours)
        order(Command.Kind.REMIND, ticket, key=f"remind:{ticket.pk}:{entry.pk}", due_at=remind_at, at=now)
    order(Command.Kind.CLOSE, ticket, key=f"close:{ticket.pk}:{entry.pk}", due_at=closes_at, at=now)


def plan_what_waits(at: datetime) -> int:
    """Plan the closing of resolved tickets from before a rule or the portal itself; return how many.

    Each has from ``at`` on the time that lies between reminder and closing, so that nobody is surprised.
    """
    rules = current_book().closing
    found = Ticket.objects.filter(phase=Phase.RESOLVED, closes_at=None, priority_id__in=list(rules), commands=None)
    return sum(_plan_late(pk, rules, at) for pk in found.values_list("pk", flat=True))


@transaction.atomic
def _plan_late(pk: int, rules: dict[str, ClosingRule], at: datetime) -> bool:
    waiting = Ticket.objects.filter(pk=pk, phase=Phase.RESOLVED, closes_at=None, resolved_at__isnull=False)
    ticket = waiting.select_for_update(no_key=True).first()
    rule = rules.get(ticket.priority_id or "") if ticket else None
    if ticket is None or rule is None or rule.calendar.current is None or CLOSE not in ticket.kind_info.actions:
        return False
    since = ticket.resolved_at or at
    remind_hours = rule.remind_hours or 0
    left = due_of(rule, max(at, due_of(rule, since, remind_hours)), rule.close_hours - remind_hours)
    ticket.closes_at = max(due_of(rule, since, rule.close_hours), left)
    ticket.save(update_fields=["closes_at"])
    if rule.remind_hours:
        remind_at = max(at, due_of(rule, since, rule.remind_hours))
        order(Command.Kind.REMIND, ticket, key=f"remind:{pk}:0", due_at=remind_at, at=at)
    order(Command.Kind.CLOSE, ticket, key=f"close:{pk}:0", due_at=ticket.closes_at, at=at)
    return True


def due_of(rule: ClosingRule, since: datetime, hours: int) -> datetime:
    """When ``hours`` of the rule's calendar have passed since ``since``."""
    version = rule.calendar.current
    assert version is not None  # noqa: S101 - the caller asked
    return business_time(version).add(since, timedelta(hours=hours))


def _rule_of(ticket: Ticket) -> ClosingRule:
    """The rule as it is now. Raises Refused when nothing is closed by itself any more."""
    rules = ClosingRule.objects.filter(priority_id=ticket.priority_id, active=True)
    rule = rules.exclude(calendar__current=None).select_related("calendar__current").first()
    if rule is None:
        raise Refused(_("Tickets of this priority do not close by themselves any more."))
    if ticket.phase != Phase.RESOLVED or ticket.resolved_at is None or ticket.closes_at is None:
        raise Refused(_("It does not wait for being closed any more."))
    return rule


def remind(command: Command, ticket: Ticket, at: datetime) -> str:
    """Ask the requester once more whether it is solved, and say when it closes. Raises Refused, Later."""
    rule = _rule_of(ticket)
    if rule.remind_hours:
        _wait_for(due_of(rule, ticket.resolved_at or at, rule.remind_hours), at)
        if at - command.due_at > LATE:
            _put_off(ticket, due_of(rule, at, rule.close_hours - rule.remind_hours))
    give_notice(
        key=command.key,
        event="closes_soon",
        ticket=ticket,
        recipients=[ticket.requester] if ticket.requester else [],
        urgent=False,
        at=at,
        due_at=command.due_at,
        payload={"due": ticket.closes_at.isoformat() if ticket.closes_at else ""},
        rooms=False,
    )
    log_event(ticket=ticket, event="closing_reminded", user=None, now=at, is_public=True)
    return Command.Outcome.TOLD


def _put_off(ticket: Ticket, until: datetime) -> None:
    """Close later than planned: the reminder was late, the requester must not pay for it."""
    if ticket.closes_at is not None and until > ticket.closes_at:
        ticket.closes_at = until
        ticket.save(update_fields=["closes_at"])
        waiting = Command.objects.filter(ticket_id=ticket.pk, kind=Command.Kind.CLOSE, state=WAITING)
        waiting.update(due_at=until, run_at=until)


def _wait_for(due: datetime, at: datetime) -> None:
    """The calendar or the rule changed: what was due may not be yet."""
    if due > at:
        raise Later(due)


def close(command: Command, ticket: Ticket, at: datetime) -> str:
    """Close it. Raises Refused, Later, ActionError."""
    rule = _rule_of(ticket)
    _wait_for(due_of(rule, ticket.resolved_at or at, rule.close_hours), at)
    if Command.objects.filter(ticket_id=ticket.pk, kind=Command.Kind.REMIND, state=WAITING).exists():
        raise Later(at + MOMENT)
    perform(ticket, CLOSE, user=None, now=at)
    return Command.Outcome.CLOSED
