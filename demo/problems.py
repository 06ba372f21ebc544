"""Problems of the demo: raised from its tickets by the people and at the times that the file says."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import yaml

from accounts.models import Role, User
from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound, Outcome
from demo.earlier import Earlier, first_monday
from demo.history import DemoError
from demo.reference import DATA
from problems.investigation.outline import mark_of, parse
from problems.investigation.writing import add_evidence, judge, write_causes, write_note
from problems.models import Problem
from problems.services import join
from problems.trends.services import refresh
from tickets.actions import perform
from tickets.errors import ActionError
from tickets.figures.records import midnight
from tickets.models import Ticket

Row = dict[str, Any]
MANAGER, SUPERVISOR = "zhengli", "leader"


def load_problems(tickets: dict[Any, Ticket], earlier: Earlier, now: datetime) -> int:
    """Raise them and bring them to where they stand; return how many. Raises DemoError when the portal refuses."""
    rows: list[Row] = yaml.safe_load((DATA / "problems.yaml").read_text(encoding="utf-8"))
    User.objects.get(username=SUPERVISOR).roles.add(Role.objects.get(code="problem_supervisor"))
    people = {user.username: user for user in User.objects.with_access()}
    problems = []
    for row in rows:
        try:
            problems.append(_load(row, _incidents_of(row, tickets, earlier), people, now))
        except ActionError as error:
            form = getattr(error, "form", None)
            raise DemoError(f"{row['summary']}: {form.errors.as_text() if form else error}") from error
    earlier.take_known_errors(problems, now)
    refresh(now)
    return len(rows)


def _incidents_of(row: Row, tickets: dict[Any, Ticket], earlier: Earlier) -> list[Ticket]:
    if "earlier" not in row:
        return [tickets[key] for key in row["incidents"]]
    pattern, many = row["earlier"]
    return list(earlier.of[pattern][:many])


def _began(row: Row, now: datetime) -> datetime:
    """So many days ago; or on the morning of the Tuesday of a week of those before."""
    if "week" in row:
        return midnight(first_monday(now) + timedelta(days=7 * row["week"] + 1)) + timedelta(hours=9)
    return now - timedelta(days=row["days_ago"])


def _typed(typed: Row, now: datetime) -> Row:
    """What is typed; a text such as now+4d is that moment."""
    ahead = {name: re.fullmatch(r"now\+(\d+)d", value) for name, value in typed.items() if isinstance(value, str)}
    return {**typed, **{name: now + timedelta(days=int(found[1])) for name, found in ahead.items() if found}}


def _load(row: Row, incidents: list[Ticket], people: dict[str, User], now: datetime) -> Problem:
    began = _began(row, now)
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
            problem = perform(problem, name, user=people[by], data=_typed(typed, now), now=at).ticket
    _investigate(problem, row, people, began + timedelta(hours=10), now)
    for incident in incidents:
        join(incident=incident, problem=problem, user=people[MANAGER], now=now)
    return problem


def _decide(problem: Any, person: User, reason: str, at: datetime) -> Any:
    asked = ApprovalRound.objects.get(ticket=problem, outcome=Outcome.OPEN)
    decide(pk=asked.pk, user=person, verdict="approve", reason=reason, now=at)
    return Problem.objects.get(pk=problem.pk)


def _investigate(problem: Problem, row: Row, people: dict[str, User], at: datetime, now: datetime) -> None:
    """Write the record. What the timeline says of it comes last, so that lines stay in order."""
    user = problem.assignee or people[MANAGER]
    for part, text in row.get("notes", {}).items():
        write_note(problem=problem, part=part, text=text, version=0, user=user, now=now)
    for text, verdict, reason in row.get("hypotheses", []):
        made = add_evidence(problem=problem, kind="hypothesis", text=text, user=user, now=now)
        judge(evidence=made, verdict=verdict, reason=reason, version=1, user=user, now=now)
    for method in ("whys", "fishbone"):
        if method in row:
            nodes = parse(row[method])
            write_causes(problem=problem, method=method, nodes=nodes, mark=mark_of(""), user=user, now=now)
