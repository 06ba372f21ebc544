"""The page of targets."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from reports.targets.services import (
    TargetForm,
    as_text,
    may_set_targets,
    remove_target,
    set_target,
    targets_of,
    with_targets,
)
from reports.views import ReportsView
from tickets import clock
from tickets.figures.measures import Measure, Unit
from tickets.lifecycle import kind_of


class TargetsView(ReportsView):
    """Every figure that can have a target."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them, by kind."""
        found = with_targets(request.user)
        targets = targets_of(found)
        kinds: dict[str, list[dict[str, object]]] = {}
        for measure in found:
            target = targets.get(measure.code)
            row = {
                "measure": measure,
                "target": target,
                "aim": as_text(target.aim, measure) if target else "",
                "alert": as_text(target.alert, measure) if target else "",
            }
            kinds.setdefault(str(kind_of(measure.kind).label_plural), []).append(row)
        return render(request, "reports/targets.html", {"kinds": kinds, "may": may_set_targets(request.user)})


class TargetView(ReportsView):
    """The target of one figure."""

    def dispatch(self, request: SignedInRequest, *args: object, **kwargs: object) -> HttpResponseBase:  # type: ignore[override]
        """Refuse who may not set it."""
        if request.user.is_authenticated and not may_set_targets(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: SignedInRequest, code: str) -> HttpResponse:
        """The form, with what is set."""
        measure = measure_for(request.user, code)
        target = targets_of([measure]).get(measure.code)
        initial = {"aim": target.aim, "alert": target.alert, "owner": target.owner.code} if target else {}
        return self._draw(measure, TargetForm(initial=initial, measure=measure, label_suffix=""))

    def post(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Set it, or take it away."""
        measure = measure_for(request.user, code)
        if "remove" in request.POST:
            remove_target(measure=measure)
            messages.success(request, _("“%(name)s” has no target any more.") % {"name": measure.label})
            return redirect("reports:targets")
        form = TargetForm(request.POST, measure=measure, label_suffix="")
        if not form.is_valid():
            return self._draw(measure, form, 422)
        set_target(measure=measure, cleaned=form.cleaned_data, user=request.user, now=clock.now())
        messages.success(request, _("The target of “%(name)s” is set.") % {"name": measure.label})
        return redirect("reports:targets")

    def _draw(self, measure: Measure, form: TargetForm, status: int = 200) -> HttpResponse:
        units = {
            Unit.RECORDS: _("How many"),
            Unit.PERCENT: _("In percent"),
            Unit.SECONDS: _("In hours"),
        }
        context = {
            "measure": measure,
            "form": form,
            "unit": units[measure.unit],
            "is_set": measure.code in targets_of([measure]),
        }
        return render(self.request, "reports/target.html", context, status=status)


def measure_for(user: object, code: str) -> Measure:
    """The figure with ``code`` that can have a target. Raises Http404."""
    found = next((measure for measure in with_targets(user) if measure.code == code), None)  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found
