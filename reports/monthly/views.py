"""Pages of service reports: for staff all of them, for customers what was sent to them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.views import shell_of
from itsm.documents.sheets import TYPES
from reports.models import ServiceReport
from reports.monthly import reports as service_reports
from reports.monthly.approving import may_write
from reports.monthly.contacts import (
    ContactsForm,
    contacts_of,
    customers,
    keep_contacts,
    language_name,
    may_keep_contacts,
    why_lost,
)
from reports.monthly.files import daily_chart, linked, pdf_of, status_of, xlsx_of
from reports.monthly.forms import StepForm
from reports.monthly.reports import ReportRefused
from reports.monthly.steps import STEPS, form_of, possible, said_of, take
from reports.views import ReportsView
from sla.boards import may_see_board

TYPE_OF = {"pdf": "application/pdf", "xlsx": TYPES["xlsx"]}
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
        return draw_report(request, found_report(request, pk))


class ReportFileView(SignedInView):
    """The report as a file."""

    def get(self, request: SignedInRequest, pk: int, form: str) -> HttpResponse:
        """Send it."""
        report = found_report(request, pk)
        if form not in TYPE_OF:
            raise Http404
        return sent_file(report, form, for_staff=may_see_board(request.user))


class ReportStepView(SignedInView):
    """Writing, approving, sending, correcting: for those whose role says so."""

    def post(self, request: SignedInRequest, pk: int, step: str) -> HttpResponse:
        """Do the step; what is refused says why, beside what was typed."""
        if not may_write(request.user):
            raise PermissionDenied
        report = found_report(request, pk)
        if step not in STEPS:
            raise Http404
        form = form_of(step, report, request.POST)
        if not form.is_valid():
            form.say_above()
            return draw_report(request, report, form, 422)
        try:
            after = take(step, report=report, user=request.user, cleaned=form.cleaned_data)
        except ReportRefused as refused:
            form.say_above(refused.message)
            return draw_report(request, found_report(request, pk), form, 409)
        messages.success(request, said_of(step, after))
        return redirect("reports:service_report", after.pk)


def draw_report(request: SignedInRequest, report: Any, refused: StepForm | None = None, status: int = 200) -> Any:
    """The page of a report, with the form of a step that was ``refused``."""
    user, contacts = request.user, told_to(report)
    staff = may_see_board(user)
    context = {
        "report": report,
        "sections": [linked(section, staff) for section in report.content["sections"]],
        "status": status_of(report),
        "daily": daily_chart(report),
        "shell": shell_of(request),
        "log": report.log.select_related("actor") if staff else [],
        "may_keep_contacts": may_keep_contacts(user),
        "sees_contacts": staff,
        "contacts": contacts,
        "has_readers": any(not contact["lost"] for contact in contacts),
        "other_language": service_reports.is_other_language(report),
        "language": language_name(report.organisation),
        **(_steps(user, report, refused, status) if may_write(user) else {}),
    }
    return render(request, "reports/service_report.html", context, status=status)


def _steps(user: User, report: Any, refused: StepForm | None, status: int) -> dict[str, Any]:
    """What can be done now. Who is told what others did has read it; who mistyped has read what they read before."""
    names = possible(report, user)
    forms = {name: form_of(name, report) for name in names}
    if refused is not None and refused.step in forms:
        forms[refused.step] = refused
    seen = refused.cleaned_data.get("seen") if refused is not None and status == 422 else None
    return {
        "may_write": True,
        "steps": [(STEPS[name], form) for name, form in forms.items()],
        "refused": refused,
        "lost": refused.typed if refused is not None and refused.step not in forms else "",
        "theirs": report.improvements if status == 409 else None,
        "newer": service_reports.newer_than(report) if report.state == ServiceReport.State.SENT else None,
        "seen": report.seen if seen is None else seen,
    }


def sent_file(report: ServiceReport, form: str, *, for_staff: bool) -> HttpResponse:
    """The report as a file; the numbers of one ``for_staff`` lead to their records."""
    data = pdf_of(report, for_staff=for_staff) if form == "pdf" else xlsx_of(report)
    response = HttpResponse(data, content_type=TYPE_OF[form])
    name = f"{report.organisation.code}-{report.month:%Y-%m}-v{report.version}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def told_to(report: ServiceReport) -> list[dict[str, Any]]:
    """Whom the report was sent to, or is to be sent to, with who is no contact any more."""
    if report.state == ServiceReport.State.SENT:
        return [{**row, "lost": why_lost(row["lost"])} for row in report.content.get("sent_to", [])]
    return [{"name": str(one.person), "lost": one.why, "note": one.note} for one in contacts_of(report.organisation)]


def found_report(request: SignedInRequest, pk: int) -> Any:
    """A report that the person sees. Raises Http404."""
    return get_object_or_404(service_reports.visible_to(request.user), pk=pk)
