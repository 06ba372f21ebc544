"""The page of half-yearly reviews."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from reports.quarters import Half
from reports.reviews import services
from reports.reviews.services import BaselineForm, ReviewForm
from reports.views import ReportsView
from tickets import clock
from tickets.figures.measures import measures_of
from tickets.lifecycle import Kind


class ReviewsView(ReportsView):
    """The figures of a half-year against the baseline, what was found, and setting a baseline."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show them."""
        return self._draw(kind, ReviewForm(label_suffix=""), BaselineForm(now=clock.now()))

    def post(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Put a review on record, or a baseline."""
        if not services.may_write(request.user):
            raise PermissionDenied
        now, half = clock.now(), self._half()
        review, baseline = ReviewForm(label_suffix=""), BaselineForm(now=now)
        if "baseline" in request.POST:
            baseline = BaselineForm(request.POST, now=now)
            if not baseline.is_valid():
                return self._draw(kind, review, baseline, 422)
            services.set_baseline(kind=kind, cleaned=baseline.cleaned_data, user=request.user, now=now)
            messages.success(request, _("The baseline is set."))
        else:
            review = ReviewForm(request.POST, label_suffix="")
            if not review.is_valid():
                return self._draw(kind, review, baseline, 422)
            services.write_review(kind=kind, half=half, cleaned=review.cleaned_data, user=request.user, now=now)
            messages.success(request, _("The review is on record."))
        return redirect(f"{reverse('reports:reviews', args=[kind.slug])}?half={half.code}")

    def _half(self) -> Half:
        return Half.parse(self.request.GET.get("half", ""), clock.now())

    def _draw(self, kind: Kind, review: ReviewForm, baseline: BaselineForm, status: int = 200) -> HttpResponse:
        if not measures_of(kind.code):
            raise Http404
        half, user = self._half(), self.request.user
        may = services.may_write(user)
        context: dict[str, Any] = {
            "kind": kind,
            "half": half,
            "before": half.moved(-1).code,
            "after": half.moved(1).code,
            "baseline": services.baseline_of(kind),
            "reviews": services.reviews_of(kind, half),
            "lines": services.lines_of(kind, half, user, clock.now()),
            "review_form": review if may else None,
            "baseline_form": baseline if may else None,
        }
        return render(self.request, "reports/reviews.html", context, status=status)
