"""The page of trends: what was found, and what to do about it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from problems.models import TrendProposal
from problems.trends.analysis import WEEK
from problems.trends.services import decide, raise_problem, refresh
from problems.views.known_errors import check
from tickets import clock
from tickets.errors import ActionError

State = TrendProposal.State
TALL = 44


def draw(request: SignedInRequest, status: int = 200, **kept: Any) -> HttpResponse:
    """The page. ``kept``: what was refused: ``pk`` of its proposal, ``reason`` as typed, ``refusal``."""
    past = bool(request.GET.get("past"))
    rows = TrendProposal.objects.select_related("problem", "decided_by")
    shown = rows if past else rows.filter(Q(state__in=[State.OPEN, State.WATCHED]) | Q(pk=kept.get("pk")))
    lines = sorted((line_of(row) for row in shown), key=lambda line: (line["kind"], line["chance"]))
    may = request.user.may(Permission.PROBLEM_RAISE)
    context = {"lines": lines, "past": past, "may": may, "kept": kept}
    return render(request, "problems/trends.html", context, status=status)


class TrendsView(SignedInView):
    """Proposals: bursts and what keeps coming, each with its curve and its numbers."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show those that are open and watched; with ``past`` the decided ones too."""
        check(request.user)
        return draw(request)

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Look again now."""
        check(request.user)
        if not request.user.may(Permission.PROBLEM_RAISE):
            raise PermissionDenied
        news = refresh(clock.now())
        messages.success(request, _("Looked again: %(count)d new proposals.") % {"count": news})
        return redirect("problems:trends")


class TrendView(SignedInView):
    """Deciding about one: raise a problem, dismiss, watch."""

    def post(self, request: SignedInRequest, pk: str, step: str) -> HttpResponse:
        """Do it; say why not when it was decided already."""
        check(request.user)
        if not request.user.may(Permission.PROBLEM_RAISE):
            raise PermissionDenied
        proposal, now = get_object_or_404(TrendProposal, pk=pk), clock.now()
        reason = request.POST.get("reason", "").strip()[:2000]
        try:
            if step == "raise":
                return redirect(raise_problem(proposal=proposal, user=request.user, now=now).get_absolute_url())
            if step == "dismiss" and not reason:
                return draw(request, 422, pk=proposal.pk, reason=reason, refusal=_("Say why it is dismissed."))
            state = State.WATCHED if step == "watch" else State.DISMISSED
            decide(proposal=proposal, state=state, reason=reason, user=request.user, now=now)
        except ActionError as error:
            return draw(request, 409, pk=proposal.pk, reason=reason, refusal=str(error.message))
        return redirect("problems:trends")


def line_of(row: TrendProposal) -> dict[str, Any]:
    """A proposal as the page draws it, with the bars of its curve."""
    data, language = row.finding, "zh" if (get_language() or "").startswith("zh") else "en"
    most = max([*data["counts"], 1])
    bars = [
        {
            "x": 10 * number,
            "y": TALL - round(TALL * count / most),
            "tall": round(TALL * count / most),
            "week": week,
            "count": count,
            "on": data["first"] <= number <= data["last"] and data["kind"] == "burst",
        }
        for number, (week, count) in enumerate(zip(data["weeks"], data["counts"], strict=True))
    ]
    return {
        **data,
        "row": row,
        "name": data["label"][language],
        "others": [label[language] for label in data["also"]],
        "bars": bars,
        "wide": 10 * len(bars),
        "rarity": _rarity(data["chance"]),
        "present": sum(count > 0 for count in data["counts"]),
        "since_day": data["since"][:10],
        "last_day": (date.fromisoformat(data["weeks"][-1]) + WEEK - timedelta(days=1)).isoformat(),
    }


def _rarity(chance: float) -> str:
    """How unlikely, in words: once in so many."""
    if chance <= 1e-9:
        return "> 10⁹"
    return f"{round(1 / chance):,}"
