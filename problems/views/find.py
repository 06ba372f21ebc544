"""Finding incidents, problems and known errors while typing: ``{results: [{value, text, detail}]}``."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from problems.models import KnownError
from problems.views.known_errors import check
from tickets import clock
from tickets.models import Ticket
from tickets.querysets import TicketQuerySet
from tickets.search.matching import matching

SHOWN = 20


def _typed(request: SignedInRequest) -> str:
    return request.GET.get("q", "").strip()[:200]


def _answer(request: SignedInRequest, tickets: TicketQuerySet) -> JsonResponse:
    """At most twenty of ``tickets`` that match what is typed, the newest first."""
    found = matching(tickets, _typed(request), request.user)
    rows = [
        {"value": one.number, "text": f"{one.number} {one.summary}", "detail": str(one.state_label)}
        for one in found.order_by("-created_at", "-pk")[:SHOWN]
    ]
    return JsonResponse({"results": rows})


class FindIncidentsView(SignedInView):
    """Incidents by number or words, for what is raised from them."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer those that the person sees."""
        if not request.user.may(Permission.PROBLEM_RAISE):
            raise PermissionDenied
        return _answer(request, Ticket.objects.visible_to(request.user).filter(kind="incident"))


class FindProblemsView(SignedInView):
    """Problems by number or words, for incidents that they cause and problems of the same cause."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer those that are not closed."""
        check(request.user)
        found = Ticket.objects.visible_to(request.user).filter(kind="problem")
        return _answer(request, found.exclude(phase="closed"))


class FindKnownErrorsView(SignedInView):
    """Known errors by number or words, for incidents that take one."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer those that are offered."""
        check(request.user)
        found = KnownError.objects.valid(clock.now()).with_words(_typed(request)).select_related("problem")
        rows = [
            {"value": one.problem.number, "text": f"{one.problem.number} {one.title}", "detail": one.symptoms[:100]}
            for one in found[:SHOWN]
        ]
        return JsonResponse({"results": rows})
