"""Escalation by time (INC-13): a line's time is over, so its ticket goes to the next line, or people are told.

A rule fires as a timer of a clock; that only orders a command. Carrying it out looks at the ticket as it stands then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import SupportGroup, Tier, User
from notifications.services import give_notice
from sla.clocks.firing import Hearers
from sla.clocks.models import URGENT_RANK
from sla.models import Clock, Command, EscalationRule
from sla.orders.ordering import Refused
from tickets.actions import TAKEN_BACK, perform
from tickets.models import Ticket, TimelineEntry

MOVE, TELL = "escalate_by_time", "report_out_of_time"
Outcome, Step = Command.Outcome, EscalationRule.Step
#: Steps of people that answer an escalation although the ticket stays in its state, with its group and person.
ANSWERS = frozenset({"acknowledge", "call_vendor", "agree_time"})


def follow(ticket: Ticket, entry: TimelineEntry, user: User | None) -> None:
    """Take ``ticket`` off the list of what is escalated when somebody acted. Sets its column only.

    To act is: to take it, hand it on, start, wait, solve or end it, call a vendor, agree on a time, take note of it.
    Talking about it is not.
    """
    if entry.action == TAKEN_BACK and ticket.is_live:
        ticket.escalated_at = ticket.escalated_at or _stood_since(ticket, entry)
    elif _acted(entry, user) or not ticket.is_live:
        ticket.escalated_at = None


def _stood_since(ticket: Ticket, entry: TimelineEntry) -> datetime | None:
    """Since when it was escalated before the step that is taken back, if that step answered it. One query."""
    steps = TimelineEntry.objects.filter(ticket_id=ticket.pk, pk__lt=entry.data["entry"])
    since = None
    for step in steps.select_related("actor__organisation").order_by("-pk"):
        if step.action in (MOVE, TELL):
            since = step.at
        elif _acted(step, step.actor):
            break
    return since


def _acted(entry: TimelineEntry, user: User | None) -> bool:
    if user is None or not user.is_agent:
        return False
    handed = any(change["field"] in ("group", "assignee") for change in entry.changes)
    return entry.action in ANSWERS or entry.state_from != entry.state_to or handed


def carry_out(command: Command, ticket: Ticket, at: datetime) -> str:
    """Move the ticket to the next line, or leave it and tell people, as the rule says. Raises Refused, ActionError."""
    rule, incident, clock = _still_wanted(command, ticket)
    outcome, group = _decide(rule, incident)
    limit = {"limit": f"{clock.agreement}.{clock.metric}"}
    if group is not None:
        entry = perform(incident, MOVE, user=None, data={**limit, "group": group.code}, now=at)
    else:
        entry = perform(incident, TELL, user=None, data=limit, now=at)
    _tell(command, rule, entry.ticket, ticket, at)
    return outcome


def _still_wanted(command: Command, ticket: Ticket) -> tuple[EscalationRule, Any, Clock]:
    """The rule, the ticket with its kind's columns and the clock. Raises Refused when things have changed."""
    rule = EscalationRule.objects.filter(pk=command.payload["rule"], active=True).first()
    clock = Clock.objects.filter(pk=command.payload["clock"]).first()
    if rule is None or clock is None:
        raise Refused(_("The rule is not in use any more."))
    if TELL not in ticket.kind_info.actions:
        raise Refused(_("Tickets of this kind are not escalated."))
    if not ticket.is_live:
        raise Refused(_("It is resolved or closed already."))
    if ticket.duplicate_of_id is not None:
        raise Refused(_("It is a duplicate: its main ticket is escalated."))
    if not clock.is_active:
        raise Refused(_("What was late has been done in the meantime."))
    if ticket.group_id != command.payload["group"]:
        raise Refused(_("Another group has it by now."))
    return rule, ticket.specific, clock


def _decide(rule: EscalationRule, ticket: Ticket) -> tuple[str, SupportGroup | None]:
    """What comes of it, and the group that it goes to; None: it stays where it is."""
    if rule.step == Step.TELL:
        return Outcome.TOLD, None
    if rule.step == Step.UNLESS_CLAIMED and ticket.assignee_id is not None:
        return Outcome.CLAIMED, None
    if not ticket.kind_info.actions[MOVE].starts_in(ticket.state):
        return Outcome.TOLD, None
    group = next_group(ticket)
    return (Outcome.MOVED, group) if group else (Outcome.NOWHERE, None)


def next_group(ticket: Ticket) -> SupportGroup | None:
    """Who takes over from the ticket's group: as the group says, else who takes such tickets, else the only one."""
    if ticket.group is None:
        return None
    rank = Tier(ticket.group.tier).rank
    named = [ticket.group.escalates_to]
    named += [holder.default_group for holder in (ticket.business_system, ticket.category) if holder is not None]
    fitting = (group for group in named if group is not None and group.active and _is_above(group, rank))
    return next(fitting, None) or _only_one_above(rank)


def _is_above(group: SupportGroup, rank: int) -> bool:
    """Of a higher line of the provider; vendors are called in, they never hold the ticket (INC-14)."""
    return group.tier != Tier.THIRD and Tier(group.tier).rank > rank


def _only_one_above(rank: int) -> SupportGroup | None:
    for tier in list(Tier)[rank + 1 : Tier.THIRD.rank]:
        groups = list(SupportGroup.objects.filter(tier=tier, active=True)[:2])
        if groups:
            return groups[0] if len(groups) == 1 else None
    return None


def _tell(command: Command, rule: EscalationRule, ticket: Ticket, before: Ticket, at: datetime) -> None:
    """Those whom the rule names, who stand for the group that was late."""
    hearers = Hearers(at)
    give_notice(
        key=command.key,
        event="escalated",
        ticket=ticket,
        recipients=hearers.of(rule.roles, before),
        urgent=ticket.priority_rank <= URGENT_RANK,
        at=at,
        due_at=command.due_at,
        payload={"rule": str(rule.pk)},
        internal=True,
    )
