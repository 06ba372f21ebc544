"""Problems of the demo: raised from its tickets by the people and at the times that the file says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import yaml

from accounts.models import Role, User
from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound, Outcome
from demo.history import DemoError
from demo.reference import DATA
from problems.investigation.outline import mark_of, parse
from problems.investigation.writing import add_evidence, judge, write_causes, write_note
from problems.models import Problem
from problems.services import join
from problems.trends.services import refresh
from tickets.actions import perform
from tickets.errors import ActionError
from tickets.models import Ticket

Row = dict[str, Any]
MANAGER, SUPERVISOR = "zhengli", "dengguang"


def load_problems(tickets: dict[Any, Ticket], now: datetime) -> int:
    """Raise them and bring them to where they stand; return how many. Raises DemoError when the portal refuses."""
    rows: list[Row] = yaml.safe_load((DATA / "problems.yaml").read_text(encoding="utf-8"))
    User.objects.get(username=SUPERVISOR).roles.add(Role.objects.get(code="problem_supervisor"))
    people = {user.username: user for user in User.objects.with_access()}
    for row in rows:
        try:
            _load(row, tickets, people, now)
        except ActionError as error:
            form = getattr(error, "form", None)
            raise DemoError(f"{row['summary']}: {form.errors.as_text() if form else error}") from error
    refresh(now)
    return len(rows)


def _load(row: Row, tickets: dict[Any, Ticket], people: dict[str, User], now: datetime) -> None:
    began = now - timedelta(days=row["days_ago"])
    incidents = [tickets[key] for key in row["incidents"]]
    first = incidents[0]
    data = {
        "summary": row["summary"],
        "description": row["description"],
        "problem_source": row["source"],
        "problem_category": row["category"],
        "level": row["level"],
        "business_system": first.business_system_id or "",
        "items": list(first.items.values_list("identifier", flat=True)),
    }
    problem: Any = perform(Problem(), "register", user=people[MANAGER], data=data, now=began).ticket
    for name, by, hours, typed in row["steps"]:
        at = began + timedelta(hours=hours)
        if name == "decide":
            problem = _decide(problem, people[by], typed["text"], at)
        else:
            problem = perform(problem, name, user=people[by], data=typed, now=at).ticket
    _investigate(problem, row, people, began + timedelta(hours=10), now)
    for incident in incidents:
        join(incident=incident, problem=problem, user=people[MANAGER], now=now)


def _decide(problem: Any, person: User, reason: str, at: datetime) -> Any:
    asked = ApprovalRound.objects.get(ticket=problem, outcome=Outcome.OPEN)
    decide(pk=asked.pk, user=person, verdict="approve", reason=reason, now=at)
    return Problem.objects.get(pk=problem.pk)


def _investigate(problem: Problem, row: Row, people: dict[str, User], at: datetime, now: datetime) -> None:
    """Write the record. What the timeline says of it comes last, so that lines stay in order."""
    user = problem.assignee or people[MANAGER]
    for part, text in row.get("notes", {}).items():
        write_note(problem=problem, part=part, text=text, version=0, user=user, now=at)
    for text, verdict, reason in row.get("hypotheses", []):
        made = add_evidence(problem=problem, kind="hypothesis", text=text, user=user, now=at)
        judge(evidence=made, verdict=verdict, reason=reason, version=1, user=user, now=at)
    for method in ("whys", "fishbone"):
        if method in row:
            nodes = parse(row[method])
            write_causes(problem=problem, method=method, nodes=nodes, mark=mark_of(""), user=user, now=now)
