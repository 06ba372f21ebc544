"""Pages of sources, the configuration manager's: their ranking, and withdrawing one after seeing what follows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from cmdb.definitions import Definitions
from cmdb.models import SourceRanking, SourceRankingVersion, SourceWithdrawal
from cmdb.sources.forms import RankingForm, WithdrawForm, known_sources, ranked_label, relation_labels
from cmdb.sources.jobs import REFUSALS, is_large, queue_put_back, queue_withdrawal
from cmdb.sources.ranking import keep_ranking
from cmdb.sources.withdrawing import Plan, preview, put_back, size_of, withdraw
from cmdb.views.classes import ManagedView


class SourcesView(ManagedView):
    """Which source wins where; which are withdrawn."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them, and a form that begins with a ranking when the address names one."""
        row = SourceRanking.objects.filter(pk=request.GET["ranking"]).first() if self._named(request) else None
        initial = {"ci_class": row.ci_class_id, "field": row.field, "sources": "\n".join(row.sources)} if row else {}
        return self._draw(request, RankingForm(initial=initial))

    @staticmethod
    def _named(request: SignedInRequest) -> bool:
        text = request.GET.get("ranking", "")
        return text.isascii() and text.isdigit() and len(text) < 10

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Rank sources."""
        form = RankingForm(request.POST)
        if not form.is_valid():
            return self._draw(request, form, status=422)
        said = form.cleaned_data
        keep_ranking(ci_class=said["ci_class"] or None, field=said["field"], sources=said["sources"], by=request.user)
        messages.success(request, _("Ranked. What is recorded stays; it holds for what is written from now on."))
        return redirect("cmdb:sources")

    @staticmethod
    def _draw(request: SignedInRequest, form: RankingForm, status: int = 200) -> HttpResponse:
        known, relations = Definitions(), relation_labels()
        rows = [
            {"row": row, "label": ranked_label(row.field, known, relations)}
            for row in SourceRanking.objects.exclude(sources=[]).select_related("ci_class")
        ]
        versions = SourceRankingVersion.objects.select_related("by", "ranking__ci_class").order_by("-at", "-pk")[:20]
        withdrawn = SourceWithdrawal.objects.select_related("by", "undone_by")[:50]
        standing = {run.source for run in withdrawn if not run.undone_at}
        context = {
            "rows": rows,
            "form": form,
            "versions": [{"row": row, "label": ranked_label(row.ranking.field, known, relations)} for row in versions],
            "sources": [{"name": name, "withdrawn": name in standing} for name in known_sources()],
            "withdrawn": withdrawn,
        }
        return render(request, "cmdb/sources/list.html", context, status=status)


class WithdrawView(ManagedView):
    """Withdrawing a source: what would change is shown before."""

    def get(self, request: SignedInRequest, source: str) -> HttpResponse:
        """Show what would change."""
        return self._draw(request, self._checked(source), WithdrawForm())

    def post(self, request: SignedInRequest, source: str) -> HttpResponse:
        """Withdraw it."""
        form = WithdrawForm(request.POST)
        if form.is_valid():
            said = {"source": self._checked(source), "reason": form.cleaned_data["reason"]}
            if is_large(source):
                return redirect("cmdb:job", queue_withdrawal(by=request.user, **said).pk)
            try:
                withdraw(by=request.user, **said)
            except REFUSALS as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("%(source)s is withdrawn.") % {"source": source})
                return redirect("cmdb:sources")
        return self._draw(request, source, form, status=422)

    @staticmethod
    def _checked(source: str) -> str:
        if source not in known_sources():
            raise Http404
        return source

    @staticmethod
    def _draw(request: SignedInRequest, source: str, form: WithdrawForm, status: int = 200) -> HttpResponse:
        return draw_plan(request, source, form, None, status)


def draw_plan(
    request: SignedInRequest, source: str, form: Any, run: SourceWithdrawal | None, status: int = 200
) -> HttpResponse:
    """The page with what withdrawing ``source``, or putting back ``run``, would change."""
    plan: Plan | None = None
    large = is_large(source, back=run is not None)
    try:
        plan = None if large else preview(source, request.user, run=run)
    except REFUSALS as error:
        messages.error(request, str(error))
    context = {"source": source, "plan": plan, "form": form, "run": run}
    context["size"] = size_of(source, back=run is not None) if large else 0
    return render(request, "cmdb/sources/withdraw.html", context, status=status)


class PutBackView(ManagedView):
    """Believing a source again."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show what would change."""
        run = self._find(pk)
        return draw_plan(request, run.source, None, run)

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Put it back."""
        run = self._find(pk)
        if is_large(run.source, back=True):
            return redirect("cmdb:job", queue_put_back(run=run, by=request.user).pk)
        try:
            put_back(run=run, by=request.user)
        except REFUSALS as error:
            messages.error(request, str(error))
            return draw_plan(request, run.source, None, run, 409)
        messages.success(request, _("%(source)s is believed again.") % {"source": run.source})
        return redirect("cmdb:sources")

    @staticmethod
    def _find(pk: int) -> SourceWithdrawal:
        found = SourceWithdrawal.objects.filter(pk=pk, undone_at=None).select_related("by").first()
        if found is None:
            raise Http404
        return found
