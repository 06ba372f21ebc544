"""Moving a change in the calendar: what it would collide with there, and what falls, is said first (CHG-05)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.http import SignedInRequest, SignedInView
from accounts.models import SupportGroup
from approvals.decisions.falling import would_fall
from approvals.models import Outcome
from approvals.queries import rounds_of
from approvals.questions import questions_of
from changes.collision.folding import Fold, folded
from changes.informing.services import newest_of
from changes.informing.stages import LAST
from changes.models import Change
from changes.panels import GRADE_TONES
from changes.rules import may_plan
from changes.schedule.slots import collisions_in
from changes.schedule.views import DONE, find_change, move, typed_window
from changes.states import PLANNED
from cmdb.models import BusinessSystem
from tickets import clock
from tickets.forms import CodeChoiceField
from tickets.shared.forms import moment_field

#: What lanes of the calendar stand for, and the column behind it.
LANES = {"service": "business_system", "group": "group"}


class TargetForm(forms.Form):
    """Where it is moved: to a ``day``, at the same time of day; or to a ``start``. It lasts as long as it did.

    ``service``, ``group``: the lane into which it was dropped, when it is another one.
    """

    day = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    start = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M"])
    service = CodeChoiceField(BusinessSystem.objects.active(), required=False)
    group = CodeChoiceField(SupportGroup.objects.filter(active=True), key="code", required=False)

    def lane(self) -> dict[str, Any]:
        """The columns that another lane stands for, with their values."""
        known = self.cleaned_data if self.is_valid() else {}
        return {LANES[name]: known[name] for name in LANES if known.get(name)}

    def beginning(self, change: Change) -> datetime | None:
        """When it would begin; its present beginning when the address names no moment. None without a window."""
        if change.planned_start is None:
            return None
        known = self.cleaned_data if self.is_valid() else {}
        if known.get("start"):
            return known["start"]
        day = known.get("day")
        local = timezone.localtime(change.planned_start)
        return timezone.make_aware(datetime.combine(day, local.time())) if day else local


class WindowForm(forms.Form):
    """The window as it is typed; with the business system or group of the lane into which it was dropped."""

    planned_start = moment_field(gettext_lazy("Planned start"))
    planned_end = moment_field(gettext_lazy("Planned end"))
    business_system = CodeChoiceField(
        BusinessSystem.objects.active(), label=gettext_lazy("Business system"), required=False
    )
    group = CodeChoiceField(
        SupportGroup.objects.filter(active=True), key="code", label=gettext_lazy("Implemented by"), required=False
    )

    def __init__(self, *args: Any, lane: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for name in {*LANES.values()} - lane.keys():
            del self.fields[name]


class MoveView(SignedInView):
    """Moving one change: by dragging it in the calendar, or by keyboard from its list."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show what the new window means."""
        change = find_movable(request, number)
        target = TargetForm(request.GET)
        start = target.beginning(change)
        return self._draw(change, start, None if start is None else start + _length(change), target.lane())

    def post(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Move it; what stands against it is said beside what was typed, and nothing changes then."""
        change = find_movable(request, number)
        typed = {**typed_window(request), **{name: request.POST.get(name, "") for name in LANES.values()}}
        errors, status = move(change, request.user, typed)
        if status != DONE:
            codes = {"service": typed["business_system"], "group": typed["group"]}
            target = TargetForm({"start": typed["planned_start"], **codes})
            start = target.beginning(change)
            until = None if start is None else start + _length(change)
            return self._draw(change, start, until, target.lane(), errors=errors, typed=typed, status=status)
        messages.success(request, _("It is planned in another window."))
        return redirect(change.get_absolute_url())

    def _draw(
        self,
        change: Change,
        start: Any,
        until: Any,
        lane: dict[str, Any],
        *,
        errors: Any = None,
        typed: Any = None,
        status: int = 200,
    ) -> HttpResponse:
        new = {"planned_start": start, "planned_end": until, **lane}
        told, falls = newest_of(change), _falling(change, new)
        context = {
            "change": change,
            "start": start,
            "window": WindowForm(initial={**new, **(typed or {})}, lane=lane),
            "was": [(getattr(change, name), value) for name, value in lane.items()],
            "typed": typed or {},
            "errors": [str(text) for texts in (errors or {}).values() for text in texts],
            "falls": falls,
            "told": told if told is not None and told.stage not in LAST else None,
            "collisions": _collisions_there(change, start, lane),
        }
        return render(self.request, "changes/move.html", context, status=status)


def _collisions_there(change: Change, start: datetime | None, lane: Mapping[str, Any]) -> list[tuple[str, Fold]]:
    """What it would collide with, by tone; ``change`` is only read and may be altered for the question."""
    change.business_system = lane.get("business_system", change.business_system)
    found = collisions_in(change, start, clock.now()) if start else []
    return [(GRADE_TONES[line.first.grade], line) for line in folded(found)]


def _length(change: Change) -> Any:
    """How long it takes; changes that are moved have a window."""
    return change.planned_end - change.planned_start  # type: ignore[operator]


def _falling(change: Change, new: dict[str, Any]) -> list[Any]:
    """The rounds that end when the window becomes ``new``: those that wait, and what was approved."""
    if not any(would_fall(question, change, new) for question in questions_of(change.kind)):
        return []
    return [one for one in rounds_of(change) if one.outcome in (Outcome.OPEN, Outcome.APPROVED)]


def find_movable(request: SignedInRequest, number: str) -> Change:
    """The change, for those who plan it, until it begins. Raises PermissionDenied, Http404."""
    change = find_change(request, number)
    if not may_plan(change, request.user) or change.state not in PLANNED:
        raise PermissionDenied
    return change
