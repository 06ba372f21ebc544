"""The page of the monthly report of changes."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from changes.monthly.papers import Report, report_of, report_pdf, report_xlsx
from changes.monthly.services import WordsForm, may_read, may_write, write_words
from itsm.documents.paper import TYPE as PDF
from itsm.documents.sheets import TYPES
from tickets import clock
from tickets.figures.months import Month


class MonthlyReportView(SignedInView):
    """Changes of a month: figures, what went wrong in the process, success by group and template."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it; with ``format=xlsx`` or ``pdf`` as a file, for those who may export."""
        if not may_read(request.user):
            raise PermissionDenied
        now = clock.now()
        report = report_of(self._month(), request.user)
        kind = request.GET.get("format")
        if kind in ("xlsx", "pdf"):
            if not request.user.may(Permission.EXPORT):
                raise PermissionDenied
            data = report_xlsx(report) if kind == "xlsx" else report_pdf(report, request.user, now)
            answer = HttpResponse(data, content_type=TYPES["xlsx"] if kind == "xlsx" else PDF)
            answer["Content-Disposition"] = f'attachment; filename="changes-{report.month.code}.{kind}"'
            return answer
        text = report.words.text if report.words else ""
        return self._draw(report, WordsForm(initial={"text": text}, label_suffix=""))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Write the manager's words."""
        if not may_write(request.user):
            raise PermissionDenied
        month, form = self._month(), WordsForm(request.POST, label_suffix="")
        if not form.is_valid():
            return self._draw(report_of(month, request.user), form, 422)
        write_words(month=month, text=form.cleaned_data["text"], user=request.user, now=clock.now())
        messages.success(request, _("The analysis is on record."))
        return redirect(f"{reverse('changes:report')}?month={month.code}#words")

    def _month(self) -> Month:
        return Month.parse(self.request.GET.get("month", ""), clock.now())

    def _draw(self, report: Report, form: WordsForm, status: int = 200) -> HttpResponse:
        user, month = self.request.user, report.month
        context = {
            "report": report,
            "month": month,
            "before": f"{month.start - timedelta(days=1):%Y-%m}",
            "after": f"{month.end:%Y-%m}",
            "form": form if may_write(user) else None,
            "may_export": user.may(Permission.EXPORT),
        }
        return render(self.request, "changes/monthly/report.html", context, status=status)
