"""Another priority that somebody proposes: a round of approval about an impact (INC-04)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from approvals.content import line_of
from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound, Decision, Outcome
from approvals.policy.policies import meant, step_of, whoever_may
from approvals.questions import Line, Question, register_question
from approvals.services import ask, withdraw
from incidents.emergencies.beginning import forget_emergency
from incidents.proposing.proposed import PURPOSE, impact_of
from tickets.actions import perform
from tickets.forms import json_value
from tickets.models import ImpactLevel, Priority, TimelineEntry
from tickets.shared.priority import priority_for

if TYPE_CHECKING:
    from tickets.models import Ticket


def lines_of(impact: ImpactLevel, ticket: Any) -> list[Line]:
    """What the deciders read: the impact, and the priority that follows, each with what it is now."""
    return [
        line_of("impact", _("proposed impact"), json_value(impact)),
        line_of("priority", _("proposed priority"), _coded(priority_for(impact, ticket.urgency))),
        line_of("priority_now", _("priority now"), _coded(ticket.priority)),
    ]


def _coded(priority: Priority) -> dict[str, Any]:
    """With its code, by which everybody knows it."""
    return {"id": priority.pk, "zh": f"{priority.pk} {priority.name_zh}", "en": f"{priority.pk} {priority.name_en}"}


def propose(
    *, ticket: Any, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Ask for the proposed impact; one that still waits is replaced."""
    withdraw(ticket=ticket, purpose=PURPOSE, user=user, now=now, text=entry.text, logged=True)
    proposed = lines_of(cleaned["impact"], ticket)
    ask(ticket=ticket, purpose=PURPOSE, user=user, now=now, text=entry.text, proposed=proposed)
    ticket.forget_proposal()


def record_decision(*, ticket: Any, entry: TimelineEntry, user: User | None, now: datetime, **context: Any) -> None:
    """An action on the ticket decides: keep it as a decision of the round, with its reason and door."""
    found = ApprovalRound.objects.filter(ticket_id=ticket.pk, purpose=PURPOSE, outcome=Outcome.OPEN).first()
    if found is None or user is None:
        return
    refused = entry.action == "decline_priority"
    verdict = Decision.Verdict.REFUSE if refused else Decision.Verdict.APPROVE
    decide(pk=found.pk, user=user, verdict=verdict, reason=entry.text, via=entry.via, now=now, follow=False)
    ticket.forget_proposal()


def end_proposal(*, ticket: Any, entry: TimelineEntry, user: User | None, now: datetime, **context: Any) -> None:
    """A priority that is changed directly, or a solution, ends what was proposed; that stands in the log already."""
    if not ticket.rounds_open or (entry.action != "change_priority" and ticket.is_live):
        return
    if withdraw(ticket=ticket, purpose=PURPOSE, user=user, now=now, text=entry.text, logged=True):
        ticket.forget_proposal()


def change_taken_back(*, ticket: Any, now: datetime) -> None:
    """A change of priority was taken back: what it had ended waits again; tasks that nobody began lapse."""
    forget_emergency(ticket=ticket, now=now)
    changes = ticket.timeline.filter(action="change_priority").order_by("-at", "-pk")
    ended = ApprovalRound.objects.filter(
        ticket_id=ticket.pk, purpose=PURPOSE, outcome=Outcome.WITHDRAWN, ended_at=changes.values("at")[:1]
    )
    for made in ended.filter(asked_by__isnull=False).select_related("asked_by"):
        by = cast("User", made.asked_by)
        ask(ticket=ticket, purpose=PURPOSE, user=by, now=now, text=made.text, proposed=made.content)
    ticket.forget_proposal()


def ended(*, round: ApprovalRound, user: User, now: datetime, **context: Any) -> None:
    """Decided elsewhere than on the ticket: take over what was approved; a refusal leaves the priority as it is."""
    ticket: Ticket = round.ticket.specific
    if round.outcome == Outcome.APPROVED:
        perform(ticket, "take_over_priority", user=None, data={"impact": impact_of(round).pk}, now=now)


def deciders(ticket: Any) -> list[dict[str, Any]]:
    """The lead of the group, or whoever may decide priorities in any group; one of them is enough."""
    return [step_of(1, meant("group_lead"), whoever_may(Permission.PRIORITY.value))]


register_question(
    Question(
        kind="incident",
        purpose=PURPOSE,
        label=_("Another priority"),
        fields=(),
        ended=ended,
        usual=deciders,
        proposal=True,
    )
)
