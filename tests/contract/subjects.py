"""What contract tests are run on: a ticket of every kind in every state, and input that actions accept."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django import forms
from django.utils.timezone import localtime

from accounts.models import User
from approvals.decisions.deciding import decide
from problems.models import Problem
from tasks.models import Task
from tests.changes.making import change_in
from tests.factories import World, act, add_task, incident_in
from tests.second_kind.models import Visit
from tickets import clock
from tickets.actions import bound_form, perform
from tickets.lifecycle import Action, Kind, kinds
from tickets.models import Ticket
from tickets.shared.worktime import MinutesField


def task_in(state: str, world: World) -> Ticket:
    """A task of an incident in progress, brought into ``state`` by real actions; one of an emergency nobody has."""
    if state == "registered":
        undispatched = incident_in("registered", world, impact="I1")
        return Task.objects.filter(parent_id=undispatched.pk, state=state)[0]
    parent = incident_in("in_progress", world)
    if state == "queued":
        add_task(parent, world.engineer)
    task: Any = add_task(parent, world.engineer, assignee="engineer", in_order=state == "queued")
    if state in ("in_progress", "finished"):
        task = act(task, "start", world.engineer)
    if state == "finished":
        task = act(task, "finish", world.engineer, close_code="tier1", result="已完成")
    return act(task, "cancel", world.engineer, text="不需要") if state == "cancelled" else task


def visit_in(state: str, world: World) -> Ticket:
    """A visit, brought into ``state`` by real actions."""
    data = {"summary": "去机房", "impact": "I4"}
    visit: Any = perform(Visit(), "register", user=world.desk, data=data).ticket
    visit = act(visit, "send", world.desk, group="host", assignee="engineer")
    if state in ("under_way", "done"):
        visit = act(visit, "set_out", world.engineer)
    return act(visit, "finish", world.engineer, distance=12, text="已修复") if state == "done" else visit


#: Not an action: the open round is decided.
DECIDE = "decide"


def problem_in(state: str, world: World) -> Ticket:
    """A problem of medium level, brought into ``state`` by real actions; ``lead`` owns it, ``admin`` manages it."""
    data = {"summary": "数据库连接反复耗尽", "problem_source": "trend", "level": "medium"}
    problem: Any = perform(Problem(), "register", user=world.desk, data=data).ticket
    chosen = {"level": "medium", "problem_category": "software", "group": "host", "assignee": "lead"}
    steps: list[tuple[str, User, dict[str, Any]]] = [
        ("assign", world.admin, chosen),
        ("investigate", world.lead, {}),
        ("confirm_cause", world.lead, {"root_cause": "连接池没有上限"}),
        (
            "propose",
            world.lead,
            dict.fromkeys(("solution", "expected_effect", "test_result"), "文本") | {"estimate_hours": 8},
        ),
        (DECIDE, world.admin, {}),
        ("implement", world.lead, {"change_reference": "CH261124000001"}),
        ("resolve", world.lead, {"proof": "一周未再发生", "watch_days": 30}),
        ("review", world.lead, {"review_result": "有效", "minutes": "已讨论"}),
        ("close", world.lead, {"archived": "on"}),
    ]
    if state == "pending":
        waits = {"wait_reason": "vendor", "wait_until": "2099-01-01T00:00", "text": ""}
        steps[2:] = [("wait", world.lead, waits)]
    for name, user, typed in steps:
        if problem.state == state:
            break
        if name == DECIDE:
            decide(pk=problem.approval_rounds.get(outcome="open").pk, user=user, verdict="approve")
            problem = Problem.objects.get(pk=problem.pk)
        else:
            problem = act(problem, name, user, **typed)
    return problem


#: How to bring a ticket of a kind into a state. A new kind adds its line here.
SUBJECTS: dict[str, Callable[[str, World], Ticket]] = {
    "incident": incident_in,
    "change": change_in,
    "task": task_in,
    "problem": problem_in,
    "visit": visit_in,
}

#: (kind, state) of every registered kind.
PLACES = [(kind.code, state) for kind in kinds() for state in kind.states.values]

#: (kind, action) of every registered kind.
DECLARED: list[tuple[Kind, Action]] = [(kind, action) for kind in kinds() for action in kind.actions.values()]


def expected_verdicts(ticket: Ticket, user: User) -> dict[str, str]:
    """What every door must answer to each action, by name, said by the declaration: rule, then state and guards."""
    actions, seen = ticket.kind_info.actions, sees(user, ticket)
    return {
        name: _verdict_of_seen(action, ticket, user) if seen and not action.creates else "missing"
        for name, action in actions.items()
    }


def sees(user: User, ticket: Ticket) -> bool:
    """Whether the ticket is in any list of this person's."""
    return type(ticket).objects.visible_to(user).filter(pk=ticket.pk).exists()


def _verdict_of_seen(action: Action, ticket: Ticket, user: User) -> str:
    if action.system or action.allow is None or not action.allow(ticket, user):
        return "forbidden"
    if not action.starts_in(ticket.state) or any(guard(ticket, user) for guard in (*action.hidden_by, *action.guards)):
        return "conflict"
    return "possible"


def sample_input(action: Action, ticket: Ticket, user: User) -> dict[str, Any]:
    """Input that the action's form accepts, found by trying choices; what was found last when none does."""
    form = action.form_class(ticket=ticket, user=user)
    data = {name: _samples(field)[0] for name, field in form.fields.items() if field.required}
    for attempt in range(1, 20):
        form = bound_form(action, ticket, user, data, now=clock.now())
        if form.is_valid():
            break
        asked = set(form.errors) & set(form.fields) or _optional(form)  # an error of the whole: something is missing
        for name in asked:
            samples = _samples(form.fields[name])
            data[name] = samples[attempt % len(samples)]
    return data


def _optional(form: Any) -> set[str]:
    """The first list of a form that is left empty; in a form without lists the first choice of rows."""
    wanted: tuple[Any, ...] = (forms.ModelMultipleChoiceField, forms.ModelChoiceField)
    for kind in wanted:
        found = [name for name, field in form.fields.items() if isinstance(field, kind)]
        if found:
            return {name for name in found[:1] if name not in form.data}
    return set()


def _samples(field: Any) -> list[Any]:
    """Values worth trying for a field."""
    if isinstance(field, forms.ModelMultipleChoiceField):
        return [[getattr(row, field.to_field_name or "pk") for row in field.queryset.all()[:1]]]  # type: ignore[union-attr]
    if isinstance(field, forms.ModelChoiceField):
        rows = field.queryset.all()[:20]  # type: ignore[union-attr]
        path = (field.to_field_name or "pk").replace("__", ".")
        return [attrgetter(path)(row) for row in rows] or [""]
    if isinstance(field, forms.ChoiceField):
        return [value for value, _label in field.choices if value]  # type: ignore[union-attr, misc]
    if isinstance(field, forms.DateTimeField):
        return ["2099-01-01T00:00", "2026-11-20T00:00", f"{localtime(clock.now()):%Y-%m-%dT%H:%M}"]
    if isinstance(field, MinutesField):
        return ["15"]
    if isinstance(field, forms.BooleanField):
        return ["on"]
    return ["7"] if isinstance(field, forms.IntegerField) else ["文本"]
