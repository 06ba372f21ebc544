"""Pages of service reports: for staff all of them, for customers what was sent to them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from accounts.views import shell_of
from itsm.documents.sheets import TYPES
from reports.models import ServiceReport
from reports.monthly import reports as service_reports
from reports.monthly.contacts import (
    ContactsForm,
    contacts_of,
    customers,
    keep_contacts,
    language_name,
    may_keep_contacts,
    why_lost,
)
from reports.monthly.files import daily_chart, pdf_of, status_of, xlsx_of
from reports.views import ReportsView
from sla.boards import may_see_board
from tickets import clock

FILES = {"pdf": ("application/pdf", pdf_of), "xlsx": (TYPES["xlsx"], xlsx_of)}
SHOWN = 200


class ReportListView(SignedInView):
    """The service reports that the person sees."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        found = service_reports.visible_to(request.user).defer("content")[:SHOWN]
        context = {"reports": found, "shell": shell_of(request), "keeps": may_see_board(request.user)}
        return render(request, "reports/service_list.html", context)


class CustomersView(ReportsView):
    """Contacts and language of every customer."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        rows = [{"customer": one, "contacts": contacts_of(one), "language": language_name(one)} for one in customers()]
        context = {"rows": rows, "may": may_keep_contacts(request.user)}
        return render(request, "reports/service_customers.html", context)


class ContactsView(ReportsView):
    """Contacts and language of one customer."""

    def dispatch(self, request: SignedInRequest, *args: object, **kwargs: object) -> HttpResponseBase:  # type: ignore[override]
        """Refuse who may not set them."""
        if request.user.is_authenticated and not may_keep_contacts(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: SignedInRequest, code: str) -> HttpResponse:
        """The form, with what is set."""
        customer = get_object_or_404(customers(), code=code)
        return self._draw(customer, ContactsForm(customer=customer))

    def post(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Set them."""
        customer = get_object_or_404(customers(), code=code)
        form = ContactsForm(request.POST, customer=customer)
        if not form.is_valid():
            return self._draw(customer, form, 422)
        keep_contacts(customer=customer, cleaned=form.cleaned_data, user=request.user)
        messages.success(request, _("Contacts and language of “%(name)s” are set.") % {"name": customer})
        return redirect("reports:service_customers")

    def _draw(self, customer: Any, form: ContactsForm, status: int = 200) -> HttpResponse:
        lost = [contact for contact in contacts_of(customer) if contact.lost]
        context = {"customer": customer, "form": form, "lost": lost}
        return render(self.request, "reports/service_contacts.html", context, status=status)


class ReportView(SignedInView):
    """One service report."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it."""
        report, user = found_report(request, pk), request.user
        contacts = told_to(report)
        context = {
            "report": report,
            "status": status_of(report),
            "daily": daily_chart(report),
            "shell": shell_of(request),
            "may_approve": user.may(Permission.APPROVE_REPORTS),
            "may_keep_contacts": may_keep_contacts(user),
            "sees_contacts": may_see_board(user),
            "contacts": contacts,
            "has_readers": any(not contact["lost"] for contact in contacts),
            "other_language": service_reports.is_other_language(report),
            "language": language_name(report.organisation),
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
        steps = {
            "edit": self._edit,
            "approve": self._approve,
            "send": self._send,
            "correct": self._correct,
            "translate": self._translate,
        }
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

    def _translate(self, report: ServiceReport) -> ServiceReport:
        service_reports.translate_report(report=report, user=self.request.user, now=clock.now())
        messages.success(self.request, _("The month is counted anew, in the customer's language."))
        return report

    def _correct(self, report: ServiceReport) -> ServiceReport:
        reason = self.request.POST.get("reason", "")[:2000]
        return service_reports.correct_report(report=report, user=self.request.user, reason=reason, now=clock.now())


def told_to(report: ServiceReport) -> list[dict[str, Any]]:
    """Whom the report was sent to, or is to be sent to, with who is no contact any more."""
    if report.state == ServiceReport.State.SENT:
        return [{**row, "lost": why_lost(row["lost"])} for row in report.content.get("sent_to", [])]
    return [{"name": str(one.person), "lost": one.why, "note": one.note} for one in contacts_of(report.organisation)]


def found_report(request: SignedInRequest, pk: int) -> Any:
    """A report that the person sees. Raises Http404."""
    return get_object_or_404(service_reports.visible_to(request.user), pk=pk)
