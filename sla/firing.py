"""What happens when a rule of a clock fires: who is told, what, and the line in the ticket's log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from duty.services import recipients_for
from notifications.services import give_notice
from sla.clock_models import URGENT_RANK
from sla.models import AgreementKind, Clock, Command, EscalationRule, NoticeRule, Timer
from sla.ordering import order
from tickets.models import Ticket
from tickets.services import log_event

#: Roles that differ from ticket to ticket.
PERSONAL = ("watchers", "requester")
#: Rules that change the ticket.
ESCALATE = "escalate:"
#: Who is told before and at the limits.
BEFORE = ("assignee", "group_duty")
AT_LIMIT = {
    AgreementKind.SLA: ("assignee", "group_duty", "group_lead"),
    AgreementKind.OLA: ("assignee", "group_duty", "group_lead"),
    AgreementKind.UC: ("assignee", "group_duty", "group_lead"),
}


class Hearers:
    """Who stands for roles at one moment. Tickets of one group and system share the answer within a batch."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._known: dict[tuple[object, ...], list[User]] = {}

    def of(self, roles: Iterable[str], ticket: Ticket) -> list[User]:
        """The people who stand for ``roles`` on ``ticket``, each once."""
        found: dict[int, User] = {}
        for role in roles:
            found |= {person.pk: person for person in self._of(role, ticket)}
        return list(found.values())

    def _of(self, role: str, ticket: Ticket) -> list[User]:
        if role in PERSONAL:
            return recipients_for(role, ticket, self.at)
        key = (role, ticket.group_id, ticket.assignee_id, ticket.business_system_id, ticket.organisation_id)
        if key not in self._known:
            self._known[key] = recipients_for(role, ticket, self.at)
        return self._known[key]


def tell(clock: Clock, timer: Timer, at: datetime, hearers: Hearers) -> None:
    """Give the notice of ``timer`` to those who are responsible now, once, and log it. In the caller's transaction.

    A ticket that does not run this clock any more is told nothing.
    """
    ticket = Ticket.objects.select_related("priority", "group", "assignee").get(pk=clock.ticket_id)
    if timer.rule.startswith(ESCALATE):
        _order_escalation(ticket, clock, timer, at)
        return
    event, roles = _event_and_roles(clock, timer)
    if not roles:
        return
    key = key_of(clock, timer)
    payload = {
        "rule": timer.rule,
        "metric": clock.metric,
        "agreement": clock.agreement,
        "cause": timer.cause,
        "due": (clock.due_at or clock.breached_at or at).isoformat(),
    }
    stored = give_notice(
        key=key,
        event=event,
        ticket=ticket,
        recipients=hearers.of(roles, ticket),
        urgent=clock.rank <= URGENT_RANK,
        at=at,
        due_at=timer.fire_at or at,
        payload=payload,
    )
    if stored is not None:
        _log(ticket, clock, timer, at)


def _order_escalation(ticket: Ticket, clock: Clock, timer: Timer, at: datetime) -> None:
    """Changing the ticket takes its lock, which the engine never waits for: a command does it (``sla.commands``).

    Nothing when the ticket is with a line that the rule is not for: who got it late is not robbed of it at once.
    """
    rule = EscalationRule.objects.filter(pk=timer.rule.removeprefix(ESCALATE), active=True).first()
    if rule is None or ticket.group is None or ticket.group.tier not in rule.tiers:
        return
    payload = {
        "rule": rule.pk,
        "clock": clock.pk,
        "group": ticket.group_id,
        "limit": f"{clock.agreement}.{clock.metric}",
    }
    due_at = timer.fire_at or at
    order(Command.Kind.ESCALATE, ticket, key=key_of(clock, timer), due_at=due_at, at=at, payload=payload)


def key_of(clock: Clock, timer: Timer) -> str:
    """Once for each rule, ticket, agreement and round."""
    return f"{clock.metric}.{timer.rule}:{clock.ticket_id}:{clock.agreement}:{clock.round}"


def give_up(clock: Clock, timer: Timer, at: datetime) -> None:
    """Tell the duty manager in plain words that a rule could not be fired. Never raises for want of a ticket."""
    give_notice(
        key=f"failed:{key_of(clock, timer)}",
        event="timer_failed",
        ticket=None,
        recipients=recipients_for("duty_manager", None, at),
        urgent=True,
        at=at,
        payload={"summary": f"{clock.ticket_id} {timer.rule}", "text": timer.last_error},
    )


def declare(ticket: Ticket, rules: Iterable[NoticeRule], at: datetime) -> None:
    """Tell what the rules of a priority say on registration, and when a ticket is raised to it (MAJ-01). Once."""
    hearers = Hearers(at)
    for rule in rules:
        give_notice(
            key=f"notice:{rule.pk}:{ticket.pk}:sla:1",
            event="declared",
            ticket=ticket,
            recipients=hearers.of(rule.roles, ticket),
            urgent=ticket.priority_rank <= URGENT_RANK,
            at=at,
            payload={"rule": f"notice:{rule.pk}"},
        )


def _event_and_roles(clock: Clock, timer: Timer) -> tuple[str, tuple[str, ...]]:
    kind, _colon, number = timer.rule.partition(":")
    if kind == "warn":
        return "limit_near", BEFORE
    if kind == "limit":
        return "limit_passed", AT_LIMIT[AgreementKind(clock.agreement)]
    rule = NoticeRule.objects.filter(pk=number, active=True).first()
    return (rule.on, tuple(rule.roles)) if rule else ("", ())


def _log(ticket: Ticket, clock: Clock, timer: Timer, at: datetime) -> None:
    kind, _colon, number = timer.rule.partition(":")
    data: dict[str, Any] = {
        "agreement": clock.agreement,
        "rule": timer.rule,
        "percent": number if kind == "warn" else "",
        "minutes": int(timer.threshold.total_seconds() // 60),
    }
    log_event(ticket=ticket, event=f"clock_{kind}_{clock.metric}", user=None, now=at, **data)
