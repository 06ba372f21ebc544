"""Receipts: planned against actual. And what was not delivered: sending it again, or giving it up."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from notifications import services
from notifications.forms import GiveUpForm, PeriodForm
from notifications.models import Delivery
from notifications.queries import figures, latest, troubled
from notifications.rules import may_operate, may_read_receipts
from tickets import clock

PAGE = 50


class ReceiptsView(SignedInView):
    """When notices were due and when they were handed over."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show figures and the latest ones."""
        if not may_read_receipts(request.user):
            raise PermissionDenied
        today = timezone.localdate()
        proposed = {"since": str(today - timedelta(days=7)), "until": str(today)}
        form = PeriodForm({**proposed, **request.GET.dict()})
        context: dict[str, Any] = {"form": form, "operates": may_operate(request.user)}
        if form.is_valid():
            span = span_of(form.cleaned_data["since"], form.cleaned_data["until"])
            event = form.cleaned_data["event"]
            context |= {"figures": figures(*span, event), "latest": latest(*span, event)}
        return render(request, "notifications/receipts.html", context, status=200 if form.is_valid() else 422)


def span_of(since: date, until: date) -> tuple[datetime, datetime]:
    """The days as moments in the reader's time zone, the last day included."""
    zone = timezone.get_current_timezone()
    return datetime.combine(since, time(), zone), datetime.combine(until + timedelta(days=1), time(), zone)


class UndeliveredView(SignedInView):
    """Dead and uncertain deliveries."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """List them."""
        if not may_operate(request.user):
            raise PermissionDenied
        before = request.GET.get("before", "")
        key = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        rows = troubled(key, PAGE + 1)
        older = rows[PAGE - 1].pk if len(rows) > PAGE else None
        context = {"rows": rows[:PAGE], "older": older, "form": GiveUpForm(label_suffix="")}
        return render(request, "notifications/undelivered.html", context)


class UndeliveredStepView(SignedInView):
    """Sending one of them again, or giving it up with a reason."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Do it and say so; somebody else may have been faster."""
        if not may_operate(request.user):
            raise PermissionDenied
        delivery = Delivery.objects.filter(pk=pk).first()
        if delivery is None:
            raise Http404
        if "resend" in request.POST:
            done = services.resend(delivery=delivery, user=request.user, now=clock.now())
        else:
            form = GiveUpForm(request.POST)
            if not form.is_valid():
                messages.error(request, _("Say why it is given up."))
                return redirect("notifications:undelivered")
            done = services.close_delivery(delivery=delivery, user=request.user, reason=form.cleaned_data["reason"])
        text = _("Done; it is written down.") if done else _("Somebody else was faster: nothing was changed.")
        messages.add_message(request, messages.SUCCESS if done else messages.WARNING, text)
        return redirect("notifications:undelivered")
