"""The run sheet of a change on a page of its own, for the phone in the machine room (CHG-06)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from accounts.http import SignedInRequest, SignedInView
from changes.models import Change, PlanStep
from changes.panels import StepLine, decision_chip, late_minutes, step_line
from changes.rules import may_carry_out, own_steps
from changes.running.forms import point_of, why_held
from changes.schedule.views import find_change
from changes.states import PLANNED
from tickets import clock
from tickets.actions import available_actions, perform
from tickets.errors import ActionError, ActionInvalid
from tickets.workspace.pages import button_of

Status = PlanStep.Status
#: How a step may go, the words on its button, the statuses in which that is offered, its icon and its look.
PRESSES = (
    (Status.STARTED, pgettext_lazy("step", "Begin"), "planned failed backed_out", "player-play", "btn-primary"),
    (Status.DONE, pgettext_lazy("step", "Done"), "planned started", "check", "btn-success"),
    (Status.FAILED, pgettext_lazy("step", "Failed"), "planned started done", "x", "fails"),
    (Status.BACKED_OUT, pgettext_lazy("step", "Backed out"), "started done failed", "arrow-back", ""),
)
OFFERED = ("start", "go", "no_go", "implement", "back_out_now")


@dataclass(frozen=True)
class Press:
    """A button of a step. ``when``: statuses in which it is offered; ``now``: whether it is at present."""

    status: Any
    label: Any
    when: str
    icon: str
    css: str
    now: bool


@dataclass(frozen=True)
class Row:
    """A step with its buttons; ``held``: why it does not go on."""

    line: StepLine
    presses: list[Press]
    held: str


class RunView(SignedInView):
    """The steps of a change, each with what can be reported of it."""

    goes_on_here = True

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it as it stands."""
        return self._draw(request, find_change(request, number))

    def post(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Report a step where scripts do not run; with them it goes through the API."""
        change = find_change(request, number)
        data = {name: request.POST[name] for name in ("step", "status", "text", "seen") if name in request.POST}
        name = "report_step"
        if data.get("status") == Status.BACKED_OUT:
            name = "back_out_step"
            del data["status"]
        try:
            perform(change, name, user=request.user, data=data)
        except ActionError as error:
            said = _words(error) if isinstance(error, ActionInvalid) else str(error.message)
            change = find_change(request, number)
            return self._draw(request, change, 409, refusal=said, at=data.get("step", ""))
        return redirect(f"{reverse('changes:run', args=[number])}#step-{data.get('step', '')}")

    def _draw(self, request: SignedInRequest, change: Change, status: int = 200, **more: Any) -> HttpResponse:
        now = clock.now()
        possible = {item.action.name: item for item in available_actions(change, request.user)}
        may = {name for name, item in possible.items() if item.enabled}
        point, carries = point_of(change), may_carry_out(change, request.user)
        own = set() if carries else own_steps(change, request.user)
        steps = change.steps.select_related("person", "reported_by")
        context = {
            "change": change,
            "rows": [
                row_of(step, why_held(change, step, point), may if carries or step.pk in own else set(), now)
                for step in steps
            ],
            "buttons": [button_of(possible[name].action, change) for name in OFFERED if name in may],
            "decides": decision_chip(change, now),
            "late": late_minutes(change.planned_end, change.actual_end, now) if change.state not in PLANNED else 0,
            "reports": "report_step" in may or "back_out_step" in may,
            "why_not": getattr(possible.get("report_step"), "reason", None),
            "drawn_at": now,
            **more,
        }
        return render(request, "changes/run/sheet.html", context, status=status)


def row_of(step: PlanStep, held: str, may: set[str], now: Any) -> Row:
    """``step`` with the buttons of whoever may do the actions named in ``may``; ``held``: why it does not go on."""
    presses = [
        Press(status, label, when, icon, css, step.status in when.split())
        for status, label, when, icon, css in PRESSES
        if ("back_out_step" if status == Status.BACKED_OUT else "report_step") in may
        and not (held and status != Status.BACKED_OUT)
    ]
    return Row(step_line(step, now), presses, held)


def _words(error: ActionInvalid) -> str:
    return " ".join(str(text) for texts in error.form.errors.values() for text in texts)


class WorkerView(SignedInView):
    """The script that keeps the run sheet in the browser; it is served here because this address is its scope."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """The same for everybody."""
        text = Path(settings.BASE_DIR / "static/js/runs/worker.js").read_text(encoding="utf-8")
        return HttpResponse(text, content_type="text/javascript", headers={"Cache-Control": "no-cache"})
