"""The page of writes that no change allowed (CHG-09)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from changes.unauthorised.forms import VerdictForm
from changes.unauthorised.models import WriteVerdict
from changes.unauthorised.queries import ANY, MOST, OPEN, STATES, Write, figures, find_write, span_asked, writes
from changes.unauthorised.services import judge, may_judge
from tickets import clock
from tickets.errors import ActionError, ActionInvalid
from tickets.figures.months import Month
from tickets.figures.records import Span, period_text
from tickets.models import TimelineEntry

SHOWN = 100


def labels() -> dict[str, str]:
    """What each state is called."""
    return {OPEN: _("Nobody has said yet"), **{value: str(label) for value, label in WriteVerdict.Verdict.choices}}


class UnauthorisedView(SignedInView):
    """The list, with the figure of the month."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the newest of a state: those that wait unless the address names another."""
        check_reads(request)
        state = request.GET.get("state", OPEN)
        state = state if state in (*STATES, ANY) else OPEN
        between = span_asked(request.GET)
        rows = writes(request.user, "" if state == ANY else state, MOST if between else SHOWN, between)
        month = Month.parse("", clock.now())
        context = {
            "rows": rows,
            "cut": len(rows) == (MOST if between else SHOWN),
            "between": period_text(Span(*between)) if between else "",
            "span_query": urlencode({name: request.GET[name] for name in ("from", "to")}) if between else "",
            "state": state,
            "tabs": [*labels().items(), (ANY, _("All"))],
            "month": month.code,
            "figures": figures(request.user, month.start, month.end),
            "labels": labels(),
            "judges": may_judge(request.user),
        }
        return render(request, "changes/unauthorised.html", context)


class JudgeView(SignedInView):
    """Saying what becomes of one."""

    goes_on_here = True

    def get(self, request: SignedInRequest, key: str) -> HttpResponse:
        """Show it."""
        return self._draw(request, find(request, key), VerdictForm(label_suffix=""))

    def post(self, request: SignedInRequest, key: str) -> HttpResponse:
        """Say it; what stands against it is said, and what was typed stays."""
        write, form = find(request, key), VerdictForm(request.POST, label_suffix="")
        if not form.is_valid():
            return self._draw(request, write, form, 422)
        try:
            via = TimelineEntry.Via.WEB
            made = judge(write=write, **form.cleaned_data, user=request.user, via=via, now=clock.now())
        except ActionInvalid as error:
            form.add_error(None, " ".join(str(text) for texts in error.form.errors.values() for text in texts))
            return self._draw(request, write, form, 422)
        except ActionError as error:
            form.add_error(None, str(error.message))
            return self._draw(request, write, form, 409)
        messages.success(request, str(made.get_verdict_display()))
        return redirect(made.change.get_absolute_url() if made.change else reverse("changes:unauthorised"))

    @staticmethod
    def _draw(request: SignedInRequest, write: Write, form: Any, status: int = 200) -> HttpResponse:
        return render(request, "changes/judge.html", {"row": write, "form": form}, status=status)


def check_reads(request: SignedInRequest) -> None:
    """Raise PermissionDenied for those who do not see every item."""
    if not request.user.may(Permission.CMDB_VIEW):
        raise PermissionDenied


def find(request: SignedInRequest, key: str) -> Write:
    """The write, for those who judge. Raises PermissionDenied, Http404."""
    check_reads(request)
    if not may_judge(request.user):
        raise PermissionDenied
    found = find_write(request.user, key)
    if found is None:
        raise Http404
    return found
