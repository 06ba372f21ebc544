"""What happens when a rule of a clock fires: who is told, what, and the line in the ticket's log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from accounts.models import Tier
from duty.services import away_at, reader_keys, recipients_for
from notifications.services import give_notice
from notifications.storing import Telling, give
from sla.calendars.publishing import business_time
from sla.clocks.models import URGENT_RANK
from sla.models import AgreementKind, Clock, Command, EscalationRule, NoticeRule, Timer
from sla.orders.ordering import order
from tickets.models import Ticket, TimelineEntry
from tickets.services import new_event

#: Roles that differ from ticket to ticket.
PERSONAL = ("watchers", "requester")
#: The action that kinds have whose tickets are escalated at all.
REPORT = "report_out_of_time"
#: Rules that change the ticket.
ESCALATE = "escalate:"
#: Rules that tell people of what was not done in time.
NOTICE = "notice:"
#: Who is told before and at the limits.
BEFORE = ("assignee", "group_duty")
AT_LIMIT = {
    AgreementKind.SLA: ("assignee", "group_duty", "group_lead"),
    AgreementKind.OLA: ("assignee", "group_duty", "group_lead"),
    AgreementKind.UC: ("assignee", "group_duty", "group_lead"),
}


#: What the answer for a role rests on, where that is less than everything about the ticket.
RESTS_ON = {
    "assignee": ("assignee_id", "group_id"),
    "group": ("group_id",),
    "group_duty": ("group_id",),
    "group_lead": ("group_id",),
    "technical_lead": ("group_id",),
    "system_owner": ("business_system_id", "group_id"),
    "duty_manager": (),
}
#: Who hears of a task: those who do it and lead it. The others hear of the ticket that it is part of.
OF_TASKS = frozenset({"assignee", "group", "group_duty", "group_lead", "technical_lead"})
LAST_RESORT = ("duty_manager",)  # when nobody whom a rule names may see the ticket
EVERYTHING = ("group_id", "assignee_id", "business_system_id", "organisation_id")


class Hearers:
    """Who stands for roles at one moment, and the rules in force. Tickets of one group share the answer."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._known: dict[tuple[object, ...], list[int]] = {}

    def of(self, roles: Iterable[str], ticket: Ticket) -> list[int]:
        """The keys of the people who stand for ``roles`` on ``ticket``, each once."""
        return list(dict.fromkeys(key for role in roles for key in self._of(role, ticket)))

    def _of(self, role: str, ticket: Ticket) -> list[int]:
        if role in PERSONAL:
            return reader_keys(role, ticket, self.at)
        if (
            role == "assignee"
            and ticket.assignee
            and ticket.assignee.is_active
            and ticket.assignee_id not in self.away
        ):
            return [ticket.assignee.pk]
        key = (role, *(getattr(ticket, name) for name in RESTS_ON.get(role, EVERYTHING)))
        if key not in self._known:
            self._known[key] = reader_keys(role, ticket, self.at)
        return self._known[key]

    @cached_property
    def escalations(self) -> dict[str, EscalationRule]:
        """The rules that change tickets, by the name of their timers."""
        return {f"{ESCALATE}{rule.pk}": rule for rule in EscalationRule.objects.filter(active=True)}

    @cached_property
    def away(self) -> frozenset[int]:
        """The keys of everybody who is away."""
        return away_at(self.at)

    @cached_property
    def rules(self) -> dict[str, NoticeRule]:
        """The notice rules in use, by their key as timers name it."""
        return {str(rule.pk): rule for rule in NoticeRule.objects.filter(active=True)}


def tell(clock: Clock, timer: Timer, at: datetime, hearers: Hearers) -> None:
    """Give the notice of ``timer`` to those who are responsible now, once, and log it. In the caller's transaction.

    Now is as the clock's ticket says: while an action is going on, its row is as it was before.
    """
    _tell([(clock, timer)], {clock.ticket_id: clock.ticket}, at, hearers)


def tell_all(due: Sequence[tuple[Clock, Timer]], at: datetime, hearers: Hearers) -> None:
    """As ``tell``, for many in a few statements."""
    found = Ticket.objects.select_related("priority", "group", "assignee")
    _tell(due, found.in_bulk({clock.ticket_id for clock, _timer in due}), at, hearers)


def _tell(due: Sequence[tuple[Clock, Timer]], tickets: Mapping[int, Ticket], at: datetime, hearers: Hearers) -> None:
    tellings = [_telling(tickets[clock.ticket_id], clock, timer, at, hearers) for clock, timer in due]
    given = [(telling, *pair) for telling, pair in zip(tellings, due, strict=True) if telling is not None]
    notices = give([telling for telling, _clock, _timer in given])
    stored = [given[number][1:] for number, notice in enumerate(notices) if notice is not None]
    TimelineEntry.objects.bulk_create(_line(clock, timer, at) for clock, timer in stored)


def _telling(ticket: Ticket, clock: Clock, timer: Timer, at: datetime, hearers: Hearers) -> Telling | None:
    """What the rule tells whom; None for a rule that is not in use any more, or that changes the ticket."""
    if timer.rule.startswith(ESCALATE):
        _order_escalation(ticket, clock, timer, at, hearers.escalations.get(timer.rule))
        return None
    event, roles = _event_and_roles(ticket, clock, timer, hearers)
    if not roles:
        return None
    if ticket.parent_id:
        roles = tuple(role for role in roles if role in OF_TASKS) or BEFORE
    payload = {
        "rule": timer.rule,
        "metric": clock.metric,
        "agreement": clock.agreement,
        "cause": timer.cause,
        "due": (clock.due_at or clock.breached_at or at).isoformat(),
    }
    return Telling(
        key=key_of(clock, timer),
        event=event,
        ticket=ticket,
        readers=hearers.of(roles, ticket),
        urgent=clock.rank <= URGENT_RANK,
        at=at,
        due_at=timer.fire_at or at,
        payload=payload,
        internal=clock.agreement != AgreementKind.SLA,
        instead=lambda: hearers.of(LAST_RESORT, ticket),
    )


def _order_escalation(ticket: Ticket, clock: Clock, timer: Timer, at: datetime, rule: EscalationRule | None) -> None:
    """Changing the ticket takes its lock, which the engine never waits for: a command does it (``orders.commands``).

    What no group has is with the desk. Nothing when the ticket is with a line that the rule is not for: who got it
    late is not robbed of it at once.
    """
    if REPORT not in ticket.kind_info.actions:
        return
    tier = ticket.group.tier if ticket.group else Tier.DESK
    if rule is None or tier not in rule.tiers:
        return
    payload = {
        "rule": rule.pk,
        "clock": clock.pk,
        "group": ticket.group_id,
        "limit": f"{clock.agreement}.{clock.metric}",
    }
    due_at = timer.fire_at or at
    order(Command.Kind.ESCALATE, ticket, key=key_of(clock, timer), due_at=due_at, at=at, payload=payload)


def counts_from_registration(clock: Clock) -> bool:
    """Whether "not responded to" counts from registration on ``clock``: P1 and P2 that nobody works on (INC-22)."""
    return clock.counts_from is not None and clock.rank <= URGENT_RANK


def lead_of(clock: Clock) -> timedelta:
    """The business time that such rules have counted before ``clock`` began; none for others."""
    if clock.counts_from is None or not counts_from_registration(clock):
        return timedelta()
    return business_time(clock.calendar_version).diff(min(clock.counts_from, clock.started_at), clock.started_at)


def key_of(clock: Clock, timer: Timer) -> str:
    """Once for each rule, ticket, agreement and round.

    A notice rule that counts from registration is told once, whichever of the clocks it waits on comes first.
    """
    if timer.rule.startswith(NOTICE) and counts_from_registration(clock):
        return f"response.{timer.rule}:{clock.ticket_id}:sla:1"
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
    give(
        [
            Telling(
                key=f"notice:{rule.pk}:{ticket.pk}:sla:1",
                event="declared",
                ticket=ticket,
                readers=hearers.of(rule.roles, ticket),
                urgent=ticket.priority_rank <= URGENT_RANK,
                at=at,
                payload={"rule": f"notice:{rule.pk}"},
                instead=lambda: hearers.of(LAST_RESORT, ticket),
            )
            for rule in rules
        ]
    )


def owed_by(ticket: Ticket, clock: Clock) -> tuple[str, ...]:
    """Who owes what ``clock`` measures, where the kind names them; empty: whoever has the ticket."""
    return ticket.kind_info.timed.owed.get(clock.metric, ()) if clock.agreement == AgreementKind.SLA else ()


def _event_and_roles(ticket: Ticket, clock: Clock, timer: Timer, hearers: Hearers) -> tuple[str, tuple[str, ...]]:
    kind, _colon, number = timer.rule.partition(":")
    owed = owed_by(ticket, clock)
    if kind == "warn":
        return "limit_near", owed or BEFORE
    if kind == "limit":
        return "limit_passed", owed or AT_LIMIT[AgreementKind(clock.agreement)]
    rule = hearers.rules.get(number)
    return (rule.on, tuple(rule.roles)) if rule else ("", ())


def _line(clock: Clock, timer: Timer, at: datetime) -> TimelineEntry:
    kind, _colon, number = timer.rule.partition(":")
    counted = timer.threshold + (lead_of(clock) if kind == "notice" else timedelta())
    data: dict[str, Any] = {
        "agreement": clock.agreement,
        "rule": timer.rule,
        "percent": number if kind == "warn" else "",
        "minutes": int(counted.total_seconds() // 60),
    }
    return new_event(ticket_id=clock.ticket_id, event=f"clock_{kind}_{clock.metric}", user=None, now=at, **data)
