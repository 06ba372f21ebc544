"""Pages of policies, for administrators: what is promised, trying a draft on history, publishing a version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.forms import BaseFormSet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, is_htmx
from sla.calendars.views import TRIAL_DAYS, AdministratorsView, behind, shown_trial
from sla.models import Policy, PolicyVersion, TrialRun
from sla.promises.comparing import difference
from sla.promises.forms import PolicyForm, PromiseForm, PromiseFormSet, draft_from, initial_of, settings_of
from sla.promises.policies import PolicyMovedError, draft_of, publish_policy, version_in_force
from sla.promises.trials import ask
from sla.promises.whatif import MOST_BEHIND
from sla.promises.wording import shown_targets
from tickets import clock
from tickets.models import Ticket


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
        newest = _newest(policy)
        general, rows = initial_of(draft_of(newest))
        promises = PromiseFormSet(initial=rows, form_kwargs={"now": clock.now()})
        form = PolicyForm(initial={**general, "edits": newest.number}, kind=policy.kind)
        return self._page(request, policy, form, promises)

    def post(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Try what was typed on history, or publish it."""
        now, policy = clock.now(), _find(code)
        form = PolicyForm(request.POST, kind=policy.kind)
        rows = PromiseFormSet(request.POST, form_kwargs={"now": now})
        if not (form.is_valid() and rows.is_valid()):
            return self._page(request, policy, form, rows, status=422)
        draft = draft_from(form, rows)
        if not draft.promises:
            form.add_error(None, _("A policy needs at least one promise."))
            return self._page(request, policy, form, rows, status=422)
        if "publish" not in request.POST:
            since = now - timedelta(days=TRIAL_DAYS)
            run = ask(user=request.user, what="policy", code=policy.pk, draft=draft, since=since, until=now)
            return self._page(request, policy, form, rows, run=run)
        try:
            version = publish_policy(
                policy,
                draft,
                valid_from=form.valid_from_or(now),
                by=request.user,
                at=now,
                note=form.cleaned_data["note"],
                edits=form.cleaned_data["edits"] or 0,
            )
        except PolicyMovedError as error:
            return self._moved(request, policy, rows, form.cleaned_data["edits"], error.newest)
        messages.success(request, _("Version %(number)s is published.") % {"number": version.number})
        return redirect("sla:policy", code=code)

    def _moved(
        self,
        request: SignedInRequest,
        policy: Policy,
        rows: BaseFormSet[PromiseForm],
        edits: int | None,
        newest: PolicyVersion,
    ) -> HttpResponse:
        """Refuse what would undo another's version: what that changed stands above what was typed, which is kept.

        Whoever publishes then has read it.
        """
        data = request.POST.copy()
        data["edits"] = str(newest.number)
        old = policy.versions.filter(number=edits or 0).first()
        moved = {"version": newest, "lines": difference(old, newest) if old else []}
        return self._page(request, policy, PolicyForm(data, kind=policy.kind), rows, moved=moved, status=409)

    def _page(
        self,
        request: SignedInRequest,
        policy: Policy,
        form: PolicyForm,
        rows: BaseFormSet[PromiseForm],
        *,
        run: TrialRun | None = None,
        moved: dict[str, Any] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        now = clock.now()
        version = version_in_force(policy, now)
        context = {
            "policy": policy,
            "form": form,
            "rows": rows,
            "trial": shown_trial(run) if run else None,
            "moved": moved,
            "days": TRIAL_DAYS,
            "in_force": shown_targets(policy, now),
            "settings": settings_of(version, policy.kind) if version else [],
            "versions": policy.versions.select_related("published_by")[:20],
        }
        return render(request, "sla/policy.html", context, status=status)


class TrialView(AdministratorsView):
    """How far a trial is, for the page that asked for it; the tables once they are there."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """The part alone for a page that asks again, else the page."""
        run = get_object_or_404(TrialRun, pk=pk, user_id=request.user.pk)
        template = "sla/_trial.html" if is_htmx(request) else "sla/trial.html"
        return render(request, template, {"trial": shown_trial(run)})

    def post(self, request: SignedInRequest, pk: int) -> HttpResponseRedirect:
        """Stop it."""
        found = TrialRun.objects.filter(pk=pk, user_id=request.user.pk, status__in=TrialRun.AT_WORK)
        found.update(status=TrialRun.State.CANCELLED, finished_at=clock.now(), worker="")
        return redirect("sla:trial", pk)


class TrialTicketsView(AdministratorsView):
    """The tickets behind one number of a trial."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """The first of them; 404 for what the trial does not count."""
        run = get_object_or_404(TrialRun, pk=pk, user_id=request.user.pk)
        try:
            found = behind(run, *(request.GET.get(name, "") for name in ("by", "row", "verdict")))
        except LookupError as error:
            raise Http404 from error
        tickets = Ticket.objects.filter(number__in=found["numbers"]).order_by("number")
        return render(
            request, "sla/trial_tickets.html", {"run": run, "tickets": tickets, "most": MOST_BEHIND, **found}
        )


def _find(code: str) -> Policy:
    return get_object_or_404(Policy.objects.filter(versions__isnull=False).distinct(), code=code)


def _newest(policy: Policy) -> PolicyVersion:
    return policy.versions.order_by("-number")[0]
