"""Changes that real actions brought into a state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Department, Role
from approvals.decisions.deciding import decide
from approvals.models import ApprovalRound
from changes.models import Change
from tests.factories import MONDAY, World, act, make_user, reload_user
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


def request(world: World, kind: str = "simple", *, now: datetime | None = MONDAY, **data: Any) -> Change:
    """A change that the lead asks for and the group ``host`` implements."""
    typed = {"change_type": kind, "summary": "升级数据库", "reason": "漏洞修复", "group": "host", **WINDOW, **data}
    if kind == "major":
        typed = {**WHOLE, **typed}
    made: Any = perform(Change(), "register", user=world.lead, data=typed, now=now).ticket
    return act(made, "add_step", world.lead, now=now, what="升级") if kind == "major" else made


def approve(change: Any, *people: Any, now: datetime = MONDAY, verdict: str = "approve", reason: str = "") -> Any:
    """Let ``people`` decide the open round in order; the change as it stands then."""
    made = ApprovalRound.objects.get(ticket=change, outcome="open")
    for person in people:
        decide(pk=made.pk, user=reload_user(person), verdict=verdict, reason=reason, now=now)
    return Change.objects.get(pk=change.pk)


def change_in(state: str, world: World) -> Any:
    """A simple change in ``state``, brought there by real actions; it begins when the one before it ends.

    Nobody is in two places at once: changes in all states stand beside each other.
    """
    staffed(world)
    changer = world.people["changer"]
    change: Any = act(request(world, now=None, **_next_window()), "add_step", world.lead, what="备份")
    if state == "cancelled":
        return act(change, "cancel", world.lead, text="不做了")
    for name in PATHS[state]:
        if name == "decide":
            change = approve(change, world.approver)
        elif name in ("start", "implement", "back_out_now", "close"):
            change = act(change, name, world.engineer, **TYPED.get(name, {}))
        else:
            change = act(change, name, changer if name != "submit" else world.lead, **TYPED.get(name, {}))
    if state == "implementing":
        change = act(change, "report_step", world.engineer, step=1, status="started")
    return change


def _next_window() -> dict[str, str]:
    """Two hours behind those of the changes that there are, the first of them ``WINDOW``."""
    shift = timedelta(hours=2 * Change.objects.count())
    return {name: (datetime.fromisoformat(at) + shift).isoformat() for name, at in WINDOW.items()}


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


def later(hours: float) -> datetime:
    """So many hours after the beginning."""
    return MONDAY + timedelta(hours=hours)


def role(person: Any, code: str) -> None:
    """Give ``person`` another role."""
    person.roles.add(Role.objects.get(code=code))
