"""What approvals of solutions are about, who decides them, and what follows (PRB-06)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from approvals.models import ApprovalRound, Outcome
from approvals.policy.policies import step_of, whoever_may
from approvals.questions import Question, register_question
from approvals.services import ask, withdraw
from problems.codes import ProblemLevel
from problems.guards import HIGH
from problems.models import Problem
from problems.states import States
from tickets.actions import perform
from tickets.models import TimelineEntry

PURPOSE = "solution"
#: Columns that an approval binds to; an edit of any other one keeps it.
SUBSTANCE = ("root_cause", "solution", "estimate_hours", "expected_effect", "test_result", "customer_word", "level")
FOLLOWS = {Outcome.APPROVED: "approved", Outcome.REFUSED: "refused", Outcome.RETURNED: "refused"}
#: States before a solution is proposed, and those in which one was approved.
BEFORE = (States.REGISTERED, States.ASSIGNED, States.INVESTIGATING, States.KNOWN_ERROR)
AFTER = (States.PROPOSED, States.APPROVED, States.IMPLEMENTING, States.RESOLVED, States.REVIEWED, States.CLOSED)
#: Until it is resolved, what is carried out is what was approved.
BINDING = (States.PROPOSED, States.APPROVED, States.IMPLEMENTING)
#: Hours: a supervisor and a manager have a working day or two.
DUE, REMIND = 48, 24


def binds(problem: Problem) -> bool:
    """Whether what is carried out is what was approved; also while carrying it out waits. A query while it waits."""
    return (problem.came_from() if problem.state == States.PENDING else problem.state) in BINDING


def deciders(problem: Problem) -> list[dict[str, Any]]:
    """The problem manager; of high level the problem supervisor first (PRB-06)."""
    rights = [Permission.PROBLEM_SUPERVISE] if problem.level_id == HIGH else []
    rights.append(Permission.PROBLEM_MANAGE)
    return [
        step_of(position, whoever_may(right.value), due=DUE, remind=REMIND)
        for position, right in enumerate(rights, start=1)
    ]


def ask_for_solution(*, ticket: Problem, user: User, now: datetime, **context: Any) -> None:
    """Ask for the proposed solution. Raises ActionConflict when nobody else may decide it."""
    ask(ticket=ticket, purpose=PURPOSE, user=user, now=now, text=ticket.solution)


def give_up_solution(*, ticket: Problem, entry: TimelineEntry, user: User | None, now: datetime) -> None:
    """What was asked, or approved, is of no matter when the problem went back, or ended in another way."""
    went_back = ticket.state in BEFORE and entry.state_from in AFTER
    if went_back or (ticket.rounds_open and ticket.state != States.PROPOSED):
        withdraw(ticket=ticket, purpose=PURPOSE, user=user, now=now, text=entry.text, logged=True)


def ended(*, round: ApprovalRound, now: datetime, **context: Any) -> None:
    """Move the problem on as it was decided."""
    perform(Problem.objects.get(pk=round.ticket_id), FOLLOWS[Outcome(round.outcome)], user=None, now=now)


def fell(*, round: ApprovalRound, now: datetime, **context: Any) -> None:
    """Let the solution be proposed anew."""
    problem = Problem.objects.get(pk=round.ticket_id)
    if binds(problem):
        perform(problem, "lapse", user=None, now=now)


register_question(
    Question(
        kind="problem",
        purpose=PURPOSE,
        label=_("Solution of a problem"),
        fields=SUBSTANCE,
        keeps_requester_away=False,
        grade=lambda problem: problem.level_id or "",
        grades=lambda: [(row.code, row.name) for row in ProblemLevel.objects.all()],
        binds=binds,
        ended=ended,
        fell=fell,
        usual=deciders,
    )
)
