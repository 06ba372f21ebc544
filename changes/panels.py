"""What the ticket's page shows of a change: window, plan, run sheet, approvals, review."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from approvals.queries import rounds_of, show
from changes.afterwards.queries import incidents_after
from changes.assessing.queries import panel_of as assessment_of
from changes.collision.collisions import GRADE_TONES, STANDING, Grade, collisions_within
from changes.collision.folding import folded
from changes.collision.signing import unsigned
from changes.models import Change, PlanStep
from changes.plan.drawing import drawn
from changes.prepared.panels import part_of as prepared_of
from changes.reviewing.queries import lines_of
from changes.states import PLANNED, States
from tickets.actions import Available
from tickets.shared.items import ASKED
from tickets.workspace.pages import button_of

TONES = {"planned": "neutral", "started": "info", "done": "ok", "failed": "late", "backed_out": "special"}
OFFERED = ("go", "no_go", "report_step", "back_out_step", "add_step", "remove_step")
SHOWN_COLLISIONS = 12
#: So long before the point of no return its countdown turns amber.
DECIDE_SOON = timedelta(minutes=30)


@dataclass(frozen=True)
class StepLine:
    """A step of the run sheet; ``late``: minutes by which it ran, or runs, over."""

    step: PlanStep
    tone: str
    late: int


def panel_of(change: Any, available: Iterable[Available], user: User, now: datetime) -> dict[str, Any] | None:
    """The change for ``user`` at ``now``; None for those who may not read internal notes."""
    if not user.may(Permission.INTERNAL):
        return None
    buttons = {item.action.name: button_of(item.action, change) for item in available if item.enabled}
    rounds = rounds_of(change)
    steps = [step_line(step, now) for step in change.steps.select_related("person", "reported_by")]
    newest = show(rounds[0], now) if rounds else None
    return {
        "change": change,
        "texts": texts_of(change),
        "steps": steps,
        "works": change.state not in PLANNED or change.state == States.SCHEDULED,
        "chart": drawn(change, [line.step for line in steps], now),
        "buttons": [buttons[name] for name in OFFERED if name in buttons and (steps or name == "add_step")],
        "edit_step": buttons["edit_step"]["url"] if "edit_step" in buttons else "",
        **collision_part(change, buttons, now),
        "after": incidents_after(change, user, now),
        "judge": buttons.get("attribute_incident"),
        "prepared": prepared_of(change, buttons),
        "decides": decision_chip(change, now),
        "assessment": assessment_of(change),
        "interruptions": lines_of(change) if change.reviewed_at else [],
        "correct": buttons.get("correct_interruption"),
        "decision": change.get_decision_display(),
        "late": late_minutes(change.planned_end, change.actual_end, now) if change.state not in PLANNED else 0,
        "approval": newest,
        "rounds": len(rounds),
        "copy_url": f"{reverse('tickets:register', args=['changes'])}?copy={change.number}",
    }


def decision_chip(change: Change, now: datetime) -> dict[str, Any] | None:
    """The countdown to the point of no return while it is carried out and nothing is decided."""
    due = change.no_return_at
    if due is None or change.decision or change.state != States.IMPLEMENTING:
        return None
    tone = "late" if due <= now else "soon" if due - now <= DECIDE_SOON else "ok"
    return {"tone": tone, "due": due, "soon": int(DECIDE_SOON.total_seconds())}


def collision_part(
    change: Change,
    buttons: dict[str, Any],
    now: datetime,
    most: int | None = ASKED,
    *,
    shown: int | None = SHOWN_COLLISIONS,
) -> dict[str, Any]:
    """What it collides with while it is planned or begins, and the button to sign for hard ones.

    ``later``: it has more than ``most`` items; the page asks for them once it stands. ``shown``: so many lines, all of
    them when it is None.
    """
    meets = change.state in STANDING or change.state == States.DRAFT
    found = collisions_within(change, now, most) if meets else []
    if found is None:
        return {"later": True}
    hard = any(one.grade is Grade.HARD for one in found)
    signed = hard and not unsigned(change, found)
    lines = folded(found)
    return {
        "collisions": [(GRADE_TONES[line.first.grade], line) for line in lines[:shown]],
        "more_collisions": sum(len(line.collisions) for line in lines[shown:]) if shown is not None else 0,
        "signed": signed,
        "sign": buttons.get("override_collisions") if hard and not signed else None,
    }


def texts_of(change: Change) -> list[tuple[str, str]]:
    """(label, text) of what was written, without what is empty."""
    texts = [
        (_("Reason"), change.reason),
        (_("Effect"), change.effect),
        (_("Plan"), change.plan),
        (_("Back-out"), change.back_out),
        (_("How the back-out was tested"), change.back_out_tested),
        (_("Resources"), change.resources),
        (_("Assessment"), change.assessment),
        (_("How it went"), change.result_text),
        (_("Lessons"), change.lessons),
        (_("Improvement of the process"), change.improvement),
    ]
    return [(label, text) for label, text in texts if text]


def step_line(step: PlanStep, now: datetime) -> StepLine:
    """How ``step`` stands at ``now``."""
    begun = step.status != PlanStep.Status.PLANNED
    return StepLine(step, TONES[step.status], late_minutes(step.planned_to, step.ended_at, now) if begun else 0)


def late_minutes(planned: datetime | None, actual: datetime | None, now: datetime) -> int:
    """Minutes after ``planned`` until it ended, or until ``now``; 0 when in time."""
    if planned is None:
        return 0
    return max(int(((actual or now) - planned).total_seconds() // 60), 0)
