"""Changes that real actions brought into a state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Department, Role
from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound
from changes.collision.collisions import collisions_of
from changes.collision.signing import blocking, key_of
from changes.models import Change, FreezeRule
from changes.schedule.freezes import freezes_between
from tests.factories import MONDAY, World, act, make_system, make_user, register_incident, reload_user
from tickets import clock
from tickets.actions import perform

WINDOW = {"planned_start": "2026-11-24T20:00", "planned_end": "2026-11-24T22:00"}
#: What a major change must say.
WHOLE = {
    "effect": "短暂中断",
    "plan": "一、备份 二、升级",
    "back_out": "恢复备份",
    "back_out_tested": "测试环境已验证",
    "resources": "两名工程师",
}


def staffed(world: World) -> World:
    """Add a change manager, a leader and the manager of the lead's department to ``world``."""
    if "changer" not in world.people:
        world.people["changer"] = make_user("changer", "change_manager")
        world.people["leader"] = make_user("leader", "centre_leadership")
        head = world.people["head"] = make_user("head", "system_owner")
        named = {"name_zh": "系统部", "name_en": "Systems", "manager": head}
        department = Department.objects.create(organisation=world.lead.organisation, **named)
        world.lead.department = department
        world.lead.save()
    return world


def systems_of_customers(world: World) -> World:
    """Whoever changes need; two systems, each used by one customer: core-db by exchange, intranet by egov."""
    staffed(world)
    for code, organisation in (("core-db", "exchange"), ("intranet", "egov")):
        make_system(code, name_zh=f"{code}系统", name_en=f"{code} system").organisations.set(
            [world.organisations[organisation]]
        )
    return world


def request(world: World, kind: str = "simple", *, now: datetime | None = MONDAY, **data: Any) -> Change:
    """A change that the lead asks for and the group ``host`` implements; an emergency has a cause of its own."""
    if kind == "emergency" and not data.keys() & {"raised_from", "items", "business_system"}:
        data["raised_from"] = register_incident(world.desk, now=now).number
    typed = {"change_type": kind, "summary": "升级数据库", "reason": "漏洞修复", "group": "host", **WINDOW, **data}
    if kind == "major":
        typed = {**WHOLE, **typed}
    made: Any = perform(Change(), "register", user=world.lead, data=typed, now=now).ticket
    return act(made, "add_step", world.lead, now=now, what="升级") if kind == "major" else made


def approve(change: Any, *people: Any, now: datetime = MONDAY, verdict: str = "approve", reason: str = "") -> Any:
    """Let ``people`` decide the open round in order, with what collides before them; the change as it stands then."""
    made = ApprovalRound.objects.get(ticket=change, outcome="open")
    seen = {key_of(one) for one in collisions_of(change, now)}
    for person in people:
        decide(pk=made.pk, user=reload_user(person), verdict=verdict, reason=reason, seen=seen, now=now)
    return Change.objects.get(pk=change.pk)


def change_in(state: str, world: World) -> Any:
    """A simple change in ``state``, brought there by real actions; its window begins now.

    Nobody is in two places at once: whoever still implements one is not who carried out those that have ended.
    """
    staffed(world)
    changer = world.people["changer"]
    implementer = world.engineer2 if state == "implementing" else world.engineer
    change: Any = act(request(world, now=None, **window_now()), "add_step", world.lead, what="备份")
    if state == "cancelled":
        return act(change, "cancel", world.lead, text="不做了")
    for name in PATHS[state]:
        if name == "decide":
            change = approve(change, world.approver)
        elif name in ("start", "implement", "back_out_now", "close"):
            change = act(change, name, implementer, **TYPED.get(name, {}))
        else:
            change = act(change, name, changer if name != "submit" else world.lead, **TYPED.get(name, {}))
    if state == "implementing":
        change = act(change, "report_step", implementer, step=1, status="started")
    return change


def store_copy(change: Change, number: int, **columns: Any) -> None:
    """A row like that of ``change`` with other ``columns``: for the sake of many."""
    copy: Any = Change.objects.get(pk=change.pk)
    copy.pk = copy.id = copy.ticket_ptr_id = None
    copy._state.adding = True
    copy.number = f"CH26{number:010d}"
    for name, value in columns.items():
        setattr(copy, name, value)
    copy.save()


def approved_emergency(world: World, **data: Any) -> Any:
    """An emergency without a window whom everybody has approved that was asked, now."""
    data = {"planned_start": "", "planned_end": "", **data}
    change = act(request(world, "emergency", now=None, **data), "submit", world.lead)
    change = act(change, "ask_approval", world.lead)
    rounds = ApprovalRound.objects.filter(ticket=change.pk)
    for ask in rounds.get().asks.order_by("pk"):
        if rounds.filter(outcome="open").exists():
            change = approve(change, ask.person, now=clock.now())
    return change


def window_now() -> dict[str, str]:
    """Two hours from this minute on; whatever day it is, no freeze is in the way."""
    begin = clock.now().replace(second=0, microsecond=0)
    end = begin + timedelta(hours=2)
    if freezes_between(begin, end):
        FreezeRule.objects.update(active=False)
    return {"planned_start": begin.isoformat(), "planned_end": end.isoformat()}


TYPED: dict[str, dict[str, Any]] = {
    "assess": {"risk": "low", "assessment": "影响小"},
    "implement": {"result": "as_planned"},
    "back_out_now": {"text": "测试未通过"},
    "reject": {"text": "不合理"},
}
_ASKED = ["submit", "accept", "assess", "ask_approval"]
_BEGUN = [*_ASKED, "decide", "start"]
PATHS = {
    "draft": [],
    "submitted": ["submit"],
    "accepted": ["submit", "accept"],
    "assessed": _ASKED[:3],
    "approving": _ASKED,
    "scheduled": [*_ASKED, "decide"],
    "implementing": _BEGUN,
    "implemented": [*_BEGUN, "implement"],
    "backed_out": [*_BEGUN, "back_out_now"],
    "reviewed": [*_BEGUN, "implement", "confirm_result"],
    "closed": [*_BEGUN, "implement", "confirm_result", "close"],
    "rejected": ["submit", "reject"],
}


def sign(change: Any, person: Any, *, now: datetime | None = MONDAY, text: str = "已协调") -> Any:
    """Let ``person`` sign for every hard collision of the change that nobody has signed for."""
    keys = [key_of(one) for one in blocking(change, now or clock.now())]
    return act(change, "override_collisions", person, now=now, text=text, collisions=keys)


def later(hours: float) -> datetime:
    """So many hours after the beginning."""
    return MONDAY + timedelta(hours=hours)


def role(person: Any, code: str) -> None:
    """Give ``person`` another role."""
    person.roles.add(Role.objects.get(code=code))
