"""Changes of the demo: asked for, planned, decided and carried out by the people and when the file says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import yaml
from django.utils import timezone

from accounts.models import Department, User
from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound, Outcome
from changes.models import Change
from demo.history import DemoError
from demo.reference import DATA
from tickets.actions import perform
from tickets.errors import ActionError
from tickets.models import Ticket

Row = dict[str, Any]
#: Who decides for their department.
HEADS = ("lead", "yuanfang", "songjia", "dengguang")


def load_changes(tickets: dict[Any, Ticket], now: datetime) -> int:
    """Ask for them and bring them to where they stand; return how many. Raises DemoError when the portal refuses."""
    rows: list[Row] = yaml.safe_load((DATA / "changes.yaml").read_text(encoding="utf-8"))
    people = {user.username: user for user in User.objects.with_access()}
    for head in HEADS:
        Department.objects.filter(pk=people[head].department_id).update(manager=people[head])
    for row in rows:
        try:
            _load(row, tickets, people, now)
        except ActionError as error:
            form = getattr(error, "form", None)
            raise DemoError(f"{row['summary']}: {form.errors.as_text() if form else error}") from error
    return len(rows)


def _load(row: Row, tickets: dict[Any, Ticket], people: dict[str, User], now: datetime) -> None:
    asked = timezone.localtime(now).replace(hour=10, minute=0, second=0, microsecond=0)
    asked -= timedelta(days=row["days_ago"])
    cause = tickets[row["raised_from"]].number if "raised_from" in row else ""
    change = _ask(row, cause, people[row["by"]], asked, now)
    for what, person in row.get("plan", ()):
        typed = {"what": what, "person": person}
        change = perform(change, "add_step", user=people[row["by"]], data=typed, now=asked).ticket
    for name, by, hours, typed in row["steps"]:
        at = min(asked + timedelta(hours=hours), now)
        if name == "decide":
            change = _decide(change, people[by], at)
        else:
            change = perform(change, name, user=people[by], data=typed, now=at).ticket


def _ask(row: Row, cause: str, user: User, asked: datetime, now: datetime) -> Any:
    days, begin, end = row["window"]
    day = timezone.localdate(now) + timedelta(days=days)
    data = {
        "summary": row["summary"],
        "items": row.get("items", []),
        "planned_start": f"{day}T{begin}",
        "planned_end": f"{day}T{end}",
        "raised_from": cause,
        **row.get("fields", {}),
    }
    if row["type"] == "standard":
        return perform(Change(), "order", user=user, data={**data, "template": row["template"]}, now=asked).ticket
    return perform(Change(), "register", user=user, data={**data, "change_type": row["type"]}, now=asked).ticket


def _decide(change: Any, person: User, at: datetime) -> Any:
    asked = ApprovalRound.objects.get(ticket=change, outcome=Outcome.OPEN)
    decide(pk=asked.pk, user=person, verdict="approve", reason="", now=at)
    return Change.objects.get(pk=change.pk)
