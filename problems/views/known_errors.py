"""Pages of known errors, for staff."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from problems.known_errors.publishing import standing_of
from problems.models import KnownError
from problems.navigation import reads_internal
from tickets import clock
from tickets.workspace.pages import rows_of

SHOWN = 200


def check(user: User) -> None:
    """Raise PermissionDenied for those who may not read internal notes."""
    if not reads_internal(user):
        raise PermissionDenied


class KnownErrorsView(SignedInView):
    """What is known and not yet removed, the newest first, found by words."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the list; with ``past`` those that are over too."""
        check(request.user)
        words, past = request.GET.get("q", "").strip()[:200], bool(request.GET.get("past"))
        found = KnownError.objects.all() if past else KnownError.objects.valid(clock.now())
        for word in words.split():
            texts = Q(title__icontains=word) | Q(symptoms__icontains=word) | Q(steps__icontains=word)
            found = found.filter(texts | Q(problem__number__iexact=word) | Q(items__identifier__iexact=word))
        used = Count("uses", filter=Q(uses__dropped_at=None), distinct=True)
        rows = found.distinct().select_related("problem", "business_system").annotate(used=used)
        context = {"rows": rows[:SHOWN], "words": words, "past": past, "now": clock.now()}
        return render(request, "problems/known_errors.html", context)


class KnownErrorView(SignedInView):
    """One known error: symptoms, steps, where, until when, who took it and whether it still works."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it."""
        check(request.user)
        known = KnownError.objects.filter(problem__number=number).select_related("problem", "business_system").first()
        if known is None:
            raise Http404
        now = clock.now()
        standing = standing_of(known, request.user, now)
        context = {
            "known": known,
            "items": list(known.items.all()),
            "standing": standing,
            "uses": rows_of(standing.uses, now),
            "came_back": rows_of(standing.came_back, now),
            "now": now,
        }
        return render(request, "problems/known_error.html", context)
