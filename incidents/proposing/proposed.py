"""The priority that is proposed and waits for a decision, as its round of approval keeps it (INC-04)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from approvals.models import ApprovalRound, Decision, Outcome
from tickets.codes import ImpactLevel, Priority
from tickets.shared.priority import priority_for

PURPOSE = "priority"


@dataclass(frozen=True)
class Proposal:
    """What is proposed: an impact and the priority that it gives; who proposes it; the round that decides."""

    round: ApprovalRound
    impact: ImpactLevel
    priority: Priority
    by: User | None

    @property
    def needs_one_more(self) -> bool:
        """Whether one more approval decides it: its last step is open, and lacks no more."""
        step = self.round.steps.exclude(outcome=Outcome.APPROVED).order_by("position").first()
        if step is None or self.round.steps.filter(position__gt=step.position).exists():
            return False
        return step.decisions.filter(verdict=Decision.Verdict.APPROVE).count() + 1 >= step.needed


def proposal_of(ticket: Any) -> Proposal | None:
    """The proposal that waits for a decision about ``ticket``. One query, three when there is one."""
    rounds = ApprovalRound.objects.filter(ticket_id=ticket.pk, purpose=PURPOSE, outcome=Outcome.OPEN)
    made = rounds.select_related("asked_by").first()
    if made is None:
        return None
    impact = impact_of(made)
    return Proposal(made, impact, priority_for(impact, ticket.urgency), made.asked_by)


def impact_of(made: ApprovalRound) -> ImpactLevel:
    """The impact that was proposed."""
    code = next(line["value"]["id"] for line in made.content if line["name"] == "impact")
    return ImpactLevel.objects.select_related("priority").get(pk=code)
