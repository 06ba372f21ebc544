"""Changes of the demo: asked for, planned, decided and carried out by the people and when the file says."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import yaml
from django.utils import timezone

from accounts.models import Department, Organisation, User
from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound, Outcome
from changes.freezing.versions import record
from changes.models import Change, MaintenanceWindow
from changes.recurring.forms import RecurrenceForm
from changes.recurring.services import make
from changes.schedule.freezes import Years, freezes_between
from cmdb.models import BusinessSystem
from demo.history import DemoError
from demo.reference import DATA
from tickets.actions import perform
from tickets.errors import ActionError
from tickets.models import Ticket

Row = dict[str, Any]
#: Who decides for their department.
HEADS = ("lead", "yuanfang", "songjia", "leader")
#: Who decides for the business side of each organisation.
DECISION_MAKERS = {"provider": "xiezhi", "exchange": "zhujie", "egov": "yangfan"}

#: Business system, weekday (0 is Monday), from, minutes.
MAINTENANCE = (
    ("phase6-trading", 5, time(18), 300),
    ("phase6-business", 5, time(18), 300),
    ("office-oa", 1, time(22), 120),
    ("member-service", 1, time(22), 90),
)
#: The latest that something of the demo was asked for.
BEFORE = timedelta(hours=1)


def load_changes(tickets: dict[Any, Ticket], now: datetime) -> int:
    """Ask for them and bring them to where they stand; return how many. Raises DemoError when the portal refuses.

    What the file plans for a day that lies in a freeze window is left out.
    """
    rows: list[Row] = yaml.safe_load((DATA / "changes.yaml").read_text(encoding="utf-8"))
    people = {user.username: user for user in User.objects.with_access()}
    for head in HEADS:
        Department.objects.filter(pk=people[head].department_id).update(manager=people[head])
    for code, name in DECISION_MAKERS.items():
        Organisation.objects.get(code=code).decision_makers.add(people[name])
    loaded = [row for row in rows if not freezes_between(*_window(row, now), Years())]
    for row in loaded:
        try:
            _load(row, tickets, people, now)
        except ActionError as error:
            form = getattr(error, "form", None)
            raise DemoError(f"{row['summary']}: {form.errors.as_text() if form else error}") from error
    return len(loaded)


def _load(row: Row, tickets: dict[Any, Ticket], people: dict[str, User], now: datetime) -> None:
    asked = timezone.localtime(now).replace(hour=10, minute=0, second=0, microsecond=0)
    asked = min(asked - timedelta(days=row["days_ago"]), now - BEFORE)
    cause = tickets[row["raised_from"]].number if "raised_from" in row else ""
    change = _ask(row, cause, people[row["by"]], asked, now)
    for what, person, *more in row.get("plan", ()):
        typed = {"what": what, "person": person, **_timed(_window(row, now)[0], *more)}
        change = perform(change, "add_step", user=people[row["by"]], data=typed, now=asked).ticket
    for name, by, hours, typed in row["steps"]:
        at = min(asked + timedelta(hours=hours), now) if hours >= 0 else now + timedelta(minutes=hours)
        if name == "decide":
            change = _decide(change, people[by], at)
        else:
            change = perform(change, name, user=people[by], data=typed, now=at).ticket


def _window(row: Row, now: datetime) -> tuple[datetime, datetime]:
    """From when until when it is planned."""
    if "around_now" in row:
        begin, end = (now + timedelta(minutes=minutes) for minutes in row["around_now"])
        return begin, end
    days, *ends = row["window"]
    day = timezone.localdate(now) + timedelta(days=days)
    begin, end = (timezone.make_aware(datetime.combine(day, time.fromisoformat(text))) for text in ends)
    return begin, end


def _timed(begin: datetime, start: int | None = None, stop: int = 0, said: Row | None = None) -> Row:
    """What is typed of a step's times, minutes from the begin of the window, and of what else it says."""
    if start is None:
        return {}
    moments = {"planned_from": begin + timedelta(minutes=start), "planned_to": begin + timedelta(minutes=stop)}
    return {name: at.isoformat() for name, at in moments.items()} | (said or {})


def _ask(row: Row, cause: str, user: User, asked: datetime, now: datetime) -> Any:
    begin, end = _window(row, now)
    data = {
        "summary": row["summary"],
        "items": row.get("items", []),
        "planned_start": begin.isoformat(),
        "planned_end": end.isoformat(),
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


def load_maintenance(now: datetime) -> None:
    """When core systems of the customers may be worked on: Saturday nights, and Tuesdays after hours."""
    for code, weekday, begins_at, minutes in MAINTENANCE:
        system = BusinessSystem.objects.get(code=code)
        made = MaintenanceWindow.objects.create(
            business_system=system, weekday=weekday, begins_at=begins_at, minutes=minutes
        )
        record(made, by=None, reason="", now=now)


def load_recurrences(now: datetime) -> None:
    """Two rules: a template that is ordered every week, and a change whose plan is copied every month."""
    people = {
        user.username: user for user in User.objects.with_access().filter(username__in=("engineer", "engineer2"))
    }
    tuesday = timezone.localdate(now) + timedelta(days=(1 - timezone.localdate(now).weekday()) % 7 + 7)
    rows: dict[str, Row] = {
        "engineer": {"template": "restart-service", "items": ["app-collaboration-1"], "unit": "week"},
        "engineer2": {"copied": _replaced_disk(), "unit": "weekday", "minutes": 150},
    }
    titles = {"engineer": "每周重启协作平台应用服务", "engineer2": "每月检查备份服务器磁盘"}
    for name, row in rows.items():
        hours: Row = {"every": 1, "first_day": tuesday, "begins_at": "21:00", "ahead": 7}
        form = RecurrenceForm({**row, **hours, "title": titles[name]}, user=people[name])
        if form.is_valid():
            make(owner=people[name], now=now, **form.cleaned_data)


def _replaced_disk() -> str:
    """The number of the change that is copied every month; empty when it was left out."""
    return Change.objects.filter(items__identifier="host-bak-01").values_list("number", flat=True).first() or ""
