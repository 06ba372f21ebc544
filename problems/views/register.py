"""The monthly register of problems, on a page, as Excel and as PDF."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from itsm.documents.paper import TYPE as PDF
from itsm.documents.sheets import TYPES
from problems.figures.papers import register_pdf
from problems.figures.register import effect_of, figures_of, lines_of, workbook
from problems.views.known_errors import check
from tickets import clock
from tickets.figures.months import Month


class RegisterTableView(SignedInView):
    """Problems of a month: figures, lines, what is missing."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it; with ``format=xlsx`` or ``pdf`` as a file, for those who may export."""
        check(request.user)
        now = clock.now()
        month = Month.parse(request.GET.get("month", ""), now)
        lines = lines_of(month, request.user)
        effect = effect_of(lines, month, request.user, now)
        may_export = request.user.may(Permission.EXPORT)
        if request.GET.get("format") == "xlsx":
            if not may_export:
                raise PermissionDenied
            answer = HttpResponse(workbook(month, lines, effect), content_type=TYPES["xlsx"])
            answer["Content-Disposition"] = f'attachment; filename="problems-{month.code}.xlsx"'
            return answer
        if request.GET.get("format") == "pdf":
            if not may_export:
                raise PermissionDenied
            answer = HttpResponse(register_pdf(month, lines, effect, request.user, now), content_type=PDF)
            answer["Content-Disposition"] = f'attachment; filename="problems-{month.code}.pdf"'
            return answer
        context = {
            "month": month,
            "lines": lines,
            "figures": figures_of(lines),
            "effect": effect,
            "may_export": may_export,
            "before": f"{month.start - timedelta(days=1):%Y-%m}",
            "after": f"{month.end:%Y-%m}",
        }
        return render(request, "problems/register.html", context)
