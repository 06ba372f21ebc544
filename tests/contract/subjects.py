"""What contract tests are run on: a ticket of every kind in every state, and input that actions accept."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django import forms
from django.utils.timezone import localtime

from accounts.models import User
from approvals.decisions.deciding import decide
from changes.models import Change
from cmdb.models import BusinessSystem
from problems.models import KnownError, KnownErrorUse, Problem
from tasks.models import Task
from tests.changes.making import change_in
from tests.factories import MONDAY, World, act, add_task, incident_in, make_item
from tests.sampling import sampled
from tests.second_kind.models import Visit
from tickets import clock
from tickets.actions import bound_form, perform
from tickets.lifecycle import Action, Kind, kinds
from tickets.models import Ticket
from tickets.services import affect_items
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

#: Of every registered kind the state in which most actions start: where the quick half looks.
BUSIEST = {
    (kind.code, max(kind.states.values, key=lambda state: sum(a.starts_in(state) for a in kind.actions.values())))
    for kind in kinds()
}
#: (kind, state) of every registered kind.
PLACES = sampled([(kind.code, state) for kind in kinds() for state in kind.states.values], BUSIEST.__contains__)

#: (kind, action) of every registered kind.
DECLARED: list[tuple[Kind, Action]] = [(kind, action) for kind in kinds() for action in kind.actions.values()]


def subject_in_surroundings(kind: str, state: str, world: World) -> tuple[Ticket, list[User]]:
    """A ticket beside another one and items that it is related to, others of every system, and those who work on it.

    It took the workaround of a known error, whose problem it may join; a change that was raised from it has ended.
    """
    other = incident_in("registered", world)
    ticket = SUBJECTS[kind](state, world)
    act(ticket, "link", world.desk, meaning="related_to", target=other.number)
    affect_items(ticket=ticket, items=[make_item("SRV-1")])
    for system in BusinessSystem.objects.all():
        make_item(f"OF-{system.pk}", business_system=system)
        affect_items(ticket=ticket, items=[make_item(f"ON-{system.pk}", business_system=system)])
    KnownErrorUse.objects.create(known_error=_known_error(world), ticket_id=ticket.pk, at=MONDAY, by=world.engineer)
    if "judge_change" in ticket.kind_info.actions:
        _raise_and_end_change(ticket, world)
    return ticket, [world.engineer, world.desk, world.lead, world.manager, world.requester]


def _raise_and_end_change(ticket: Ticket, world: World) -> None:
    """A standard change that was ordered from the ticket, carried out and reviewed."""
    data = {"template": "extend-disk", "raised_from": ticket.number, "items": ["SRV-1"]}
    change = perform(Change(), "order", user=world.engineer, data=data).ticket
    change = act(act(change, "start", world.engineer), "implement", world.engineer, result="as_planned")
    act(change, "confirm_result", world.engineer)


def _known_error(world: World) -> KnownError:
    """One that is offered; it was published before the transaction of the test began."""
    problem = act(problem_in("investigating", world), "record_workaround", world.lead, workaround="重启网关")
    texts = {"title": "行情断连", "symptoms": "客户端提示行情中断", "steps": "重启网关进程"}
    act(problem, "publish", world.lead, now=MONDAY, **texts)
    return KnownError.objects.get(problem=problem)


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
        return [value for value, _label in field.choices if value] or [""]  # type: ignore[union-attr, misc]
    if isinstance(field, forms.DateTimeField):
        return ["2099-01-01T00:00", "2026-11-20T00:00", f"{localtime(clock.now()):%Y-%m-%dT%H:%M}"]
    if isinstance(field, MinutesField):
        return ["15"]
    if isinstance(field, forms.BooleanField):
        return ["on"]
    return ["7"] if isinstance(field, forms.IntegerField) else ["文本"]
