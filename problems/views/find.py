"""Finding incidents while typing."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from tickets.models import Ticket
from tickets.search.matching import matching

SHOWN = 20


class FindIncidentsView(SignedInView):
    """Incidents by number or words, for what is raised from them."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Answer ``{results: [{value, text, detail}]}``, at most twenty, the newest first."""
        if not request.user.may(Permission.PROBLEM_RAISE):
            raise PermissionDenied
        found = Ticket.objects.visible_to(request.user).filter(kind="incident")
        found = matching(found, request.GET.get("q", "")[:200], request.user)
        rows = [
            {"value": one.number, "text": f"{one.number} {one.summary}", "detail": str(one.state_label)}
            for one in found.order_by("-created_at", "-pk")[:SHOWN]
        ]
        return JsonResponse({"results": rows})
