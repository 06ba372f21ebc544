"""Pages of service reports: for staff all of them, for customers what was sent to them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from accounts.views import shell_of
from itsm.documents.sheets import TYPES
from reports.models import ServiceReport
from reports.monthly import reports as service_reports
from reports.monthly.files import pdf_of, status_of, xlsx_of
from tickets import clock

FILES = {"pdf": ("application/pdf", pdf_of), "xlsx": (TYPES["xlsx"], xlsx_of)}
SHOWN = 200


class ReportListView(SignedInView):
    """The service reports that the person sees."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        found = service_reports.visible_to(request.user).defer("content")[:SHOWN]
        return render(request, "reports/service_list.html", {"reports": found, "shell": shell_of(request)})


class ReportView(SignedInView):
    """One service report."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it."""
        report = found_report(request, pk)
        user = request.user
        context = {
            "report": report,
            "status": status_of(report),
            "shell": shell_of(request),
            "may_approve": user.may(Permission.APPROVE_REPORTS),
            "readers": service_reports.readers_of(report.organisation) if user.is_agent else [],
        }
        return render(request, "reports/service_report.html", context)


class ReportFileView(SignedInView):
    """The report as a file."""

    def get(self, request: SignedInRequest, pk: int, form: str) -> HttpResponse:
        """Send it."""
        report = found_report(request, pk)
        if form not in FILES:
            raise Http404
        content_type, build = FILES[form]
        response = HttpResponse(build(report), content_type=content_type)
        name = f"{report.organisation.code}-{report.month:%Y-%m}-v{report.version}.{form}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


class ReportStepView(SignedInView):
    """Writing, approving, sending, correcting: for those whose role says so."""

    def post(self, request: SignedInRequest, pk: int, step: str) -> HttpResponse:
        """Do the step; what is refused says why."""
        if not request.user.may(Permission.APPROVE_REPORTS):
            raise PermissionDenied
        report = found_report(request, pk)
        steps = {"edit": self._edit, "approve": self._approve, "send": self._send, "correct": self._correct}
        if step not in steps:
            raise Http404
        try:
            report = steps[step](report)
        except service_reports.ReportRefused as refused:
            messages.error(request, str(refused))
        return redirect("reports:service_report", report.pk)

    def _edit(self, report: ServiceReport) -> ServiceReport:
        text = self.request.POST.get("improvements", "")[:10_000]
        service_reports.edit_report(report=report, user=self.request.user, improvements=text)
        messages.success(self.request, _("The improvement actions are saved."))
        return report

    def _approve(self, report: ServiceReport) -> ServiceReport:
        service_reports.approve_report(report=report, user=self.request.user, now=clock.now())
        messages.success(self.request, _("The report is approved."))
        return report

    def _send(self, report: ServiceReport) -> ServiceReport:
        count = service_reports.send_report(report=report, now=clock.now())
        messages.success(self.request, _("Sent to %(count)d readers.") % {"count": count})
        return report

    def _correct(self, report: ServiceReport) -> ServiceReport:
        reason = self.request.POST.get("reason", "")[:2000]
        return service_reports.correct_report(report=report, user=self.request.user, reason=reason, now=clock.now())


def found_report(request: SignedInRequest, pk: int) -> Any:
    """A report that the person sees. Raises Http404."""
    return get_object_or_404(service_reports.visible_to(request.user), pk=pk)
