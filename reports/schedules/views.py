"""Pages of scheduled reports."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from reports.schedules import services
from reports.schedules.content import CONTENT_TYPES
from reports.schedules.models import Schedule
from reports.schedules.rhythm import in_words, next_times
from reports.schedules.sending import filename_of
from reports.schedules.services import ScheduleForm
from tickets import clock
from tickets.models import SavedView
from tickets.views.queue_tools import StaffView


class SchedulesView(StaffView):
    """The scheduled reports that a person made, or may stop; what was sent to them; what they can schedule."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        found = services.schedules_of(request.user)
        context = {
            "rows": [(one, services.what_of(one), in_words(one)) for one in found],
            "sent": services.sent_to(request.user)[: services.SHOWN],
            "views": SavedView.objects.visible_to(request.user),
            "boards": services.boards_for(request.user),
            "may_see_board": services.may_see_board(request.user),
        }
        return render(request, "reports/schedules.html", context)


class ScheduleView(StaffView):
    """One of them: when it is due, and every run with what was sent to whom."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it."""
        schedule = found_schedule(request, pk)
        context = {
            "schedule": schedule,
            "what": services.what_of(schedule),
            "rhythm": in_words(schedule),
            "next_times": next_times(schedule, clock.now()),
            "runs": services.runs_of(schedule),
            "may_change": services.may_change(schedule, request.user),
        }
        return render(request, "reports/schedule.html", context)

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Pause, resume or end it."""
        schedule = found_schedule(request, pk)
        name = request.POST.get("step", "")
        if name == "resume" and not services.may_change(schedule, request.user):
            raise PermissionDenied
        try:
            services.step(schedule=schedule, name=name, now=clock.now())
        except KeyError as error:
            raise Http404 from error
        said = {"pause": _("It is paused."), "resume": _("It goes on."), "end": _("It is ended.")}
        messages.success(request, said[name])
        return redirect("reports:schedule", schedule.pk)


class EditScheduleView(StaffView):
    """Making one of a list or board, or changing it."""

    def get(self, request: SignedInRequest, pk: int | None = None) -> HttpResponse:
        """The form."""
        schedule = self._schedule(pk)
        form = ScheduleForm(instance=schedule, user=request.user)
        form.initial["role"] = schedule.role and schedule.role.code
        return self._draw(schedule, form)

    def post(self, request: SignedInRequest, pk: int | None = None) -> HttpResponse:
        """Store it."""
        schedule = self._schedule(pk)
        form = ScheduleForm(request.POST, instance=schedule, user=request.user)
        if not form.is_valid():
            return self._draw(schedule, form, 422)
        schedule = services.save_schedule(form=form, user=request.user, now=clock.now())
        messages.success(request, _("“%(name)s” is scheduled.") % {"name": schedule.name})
        return redirect("reports:schedule", schedule.pk)

    def _schedule(self, pk: int | None) -> Schedule:
        if pk is not None:
            schedule = found_schedule(self.request, pk)
            if not services.may_change(schedule, self.request.user):
                raise PermissionDenied
            return schedule
        given = {name: self.request.GET.get(name, "") for name in ("view", "board", "kind", "parameters")}
        try:
            return services.begin_with(user=self.request.user, **given)
        except KeyError as error:
            raise Http404 from error

    def _draw(self, schedule: Schedule, form: ScheduleForm, status: int = 200) -> HttpResponse:
        context: dict[str, Any] = {"schedule": schedule, "form": form, "what": services.what_of(schedule)}
        return render(self.request, "reports/schedule_edit.html", context, status=status)


class SentFileView(StaffView):
    """The file that was sent to the person who asks."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponseBase:
        """Send it again, exactly as it was."""
        sending = get_object_or_404(services.sent_to(request.user).exclude(file=""), pk=pk)
        kind = CONTENT_TYPES[sending.file.rpartition(".")[2]]
        content = default_storage.open(sending.file)
        return FileResponse(content, content_type=kind, as_attachment=True, filename=filename_of(sending))


def found_schedule(request: SignedInRequest, pk: int) -> Schedule:
    """A schedule that the person sees. Raises Http404."""
    schedule: Schedule = get_object_or_404(services.schedules_of(request.user), pk=pk)
    return schedule
