"""Pages of incidents beside those that every ticket has."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from incidents.acceptance import parts_of
from incidents.models import Incident
from tickets import clock
from tickets.queues.finding import find_ticket


class AcceptanceView(SignedInView):
    """The service acceptance form (客户服务受理单) as one page for printing, signing and archiving (TKT-12)."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it to whoever sees the incident; the internal part to staff."""
        incident = find_ticket(request.user, number)
        if not isinstance(incident, Incident):
            raise Http404
        internal = request.user.may(Permission.INTERNAL)
        context = {
            "incident": incident,
            "parts": parts_of(incident, internal=internal),
            "now": clock.now(),
            "shell": "base.html" if request.user.is_agent else "portal_base.html",
        }
        return render(request, "incidents/acceptance.html", context)
