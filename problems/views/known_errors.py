"""Pages of known errors, for staff."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.permissions import Permission
from problems.known_errors.glossary import TermForm
from problems.known_errors.publishing import standing_of
from problems.models import KnownError, Term
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
        used = Count("uses", filter=Q(uses__dropped_at=None), distinct=True)
        rows = found.with_words(words).select_related("problem", "business_system").annotate(used=used)
        context = {"rows": rows[:SHOWN], "words": words, "past": past, "now": clock.now()}
        return render(request, "problems/known_errors.html", context)


class GlossaryView(SignedInView):
    """The terms in both languages: staff read them, problem managers change them."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        check(request.user)
        return self._draw(TermForm(auto_id="term-%s"))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Add a term, change one, or take one out: ``pk`` names it, ``remove`` says so."""
        check(request.user)
        if not request.user.may(Permission.PROBLEM_MANAGE):
            raise PermissionDenied
        key = request.POST.get("pk", "")
        row = Term.objects.filter(pk=key).first() if key.isdecimal() and len(key) < 10 else None
        if key and row is None:
            raise Http404
        if row is not None and "remove" in request.POST:
            row.delete()
            return redirect("problems:glossary")
        form = TermForm(request.POST, instance=row, auto_id=f"term-{key}-%s" if key else "term-%s")
        if form.is_valid():
            form.save()
            return redirect("problems:glossary")
        return self._draw(form, status=422)

    def _draw(self, form: TermForm, status: int = 200) -> HttpResponse:
        may = self.request.user.may(Permission.PROBLEM_MANAGE)
        context = {"rows": Term.objects.all(), "form": form, "may": may, "wrong": form.instance.pk}
        return render(self.request, "problems/glossary.html", context, status=status)


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
