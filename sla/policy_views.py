"""Pages of policies, for administrators: what is promised, trying a draft on history, publishing a version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.forms import BaseFormSet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from sla.calendar_views import AdministratorsView
from sla.models import Policy, PolicyVersion
from sla.policies import draft_of, publish_policy
from sla.policy_forms import PolicyForm, PromiseForm, PromiseFormSet, draft_from, initial_of
from sla.whatif import try_policy
from tickets import clock

#: How much history a draft is tried on.
TRIAL_DAYS = 90


class PoliciesView(AdministratorsView):
    """All policies."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """With who has them."""
        rows = Policy.objects.prefetch_related("agreements__organisation", "agreements__group", "versions")
        return render(request, "sla/policies.html", {"policies": rows.order_by("position", "code")})


class PolicyView(AdministratorsView):
    """One policy: its promises, its versions, and the form that tries and publishes the next one."""

    def get(self, request: SignedInRequest, code: str) -> HttpResponse:
        """As the newest version says."""
        policy = _find(code)
        general, rows = initial_of(draft_of(_newest(policy)))
        return self._page(request, policy, PolicyForm(initial=general), PromiseFormSet(initial=rows))

    def post(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Try what was typed on history, or publish it."""
        policy, form, rows = _find(code), PolicyForm(request.POST), PromiseFormSet(request.POST)
        if not (form.is_valid() and rows.is_valid()):
            return self._page(request, policy, form, rows, status=422)
        draft, now = draft_from(form, rows), clock.now()
        if not draft.promises:
            form.add_error(None, _("A policy needs at least one promise."))
            return self._page(request, policy, form, rows, status=422)
        if "publish" not in request.POST:
            trial = try_policy(policy, draft, now - timedelta(days=TRIAL_DAYS), now)
            return self._page(request, policy, form, rows, trial=trial)
        version = publish_policy(
            policy,
            draft,
            valid_from=form.valid_from_or(now),
            by=request.user,
            at=now,
            note=form.cleaned_data["note"],
        )
        messages.success(request, _("Version %(number)s is published.") % {"number": version.number})
        return redirect("sla:policy", code=code)

    def _page(
        self,
        request: SignedInRequest,
        policy: Policy,
        form: PolicyForm,
        rows: BaseFormSet[PromiseForm],
        *,
        trial: Any = None,
        status: int = 200,
    ) -> HttpResponse:
        tables = [(label, trial.rows(by)) for by, label in _tables()] if trial else []
        context = {
            "policy": policy,
            "form": form,
            "rows": rows,
            "trial": trial,
            "tables": tables,
            "days": TRIAL_DAYS,
            "versions": policy.versions.select_related("published_by")[:20],
        }
        return render(request, "sla/policy.html", context, status=status)


def _tables() -> list[tuple[str, str]]:
    return [("metric", _("Limit")), ("priority", _("Priority")), ("service", _("Service")), ("group", _("Group"))]


def _find(code: str) -> Policy:
    return get_object_or_404(Policy.objects.filter(versions__isnull=False).distinct(), code=code)


def _newest(policy: Policy) -> PolicyVersion:
    return policy.versions.order_by("-number")[0]
