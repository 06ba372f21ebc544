"""What pages ask by themselves: the open ticket as it is now; and, without the live process, what is new."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from live import presence
from live.looks import Look
from live.rounds import Rounds
from tickets import clock
from tickets.models import Ticket
from tickets.queues.finding import find_ticket
from tickets.views.detail import customer_context, staff_context


class UpdatesView(SignedInView):
    """What is new since the last answer."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """One message, as the stream begins with."""
        look = Look.of(request.GET.dict(), request.user)
        if look.ticket and presence.shows_presence(request.user):
            visible = Ticket.objects.visible_to(request.user).filter(number=look.ticket)
            places = [
                presence.Place(key, request.user.pk, look.writes) for key in visible.values_list("pk", flat=True)
            ]
            presence.stay(places, clock.now())
        cursor = request.GET.get("cursor", "")
        known = int(cursor) if cursor.isdecimal() and len(cursor) < 19 else None
        message, _counts = Rounds(serves_many=False).first(request.user, look, known, {"me": str(request.user.pk)})
        return HttpResponse(message, content_type="application/json")


class TicketNewsView(SignedInView):
    """The open ticket as it is now, for a page that shows it already: of its lines only the later ones."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """The ticket's fragment with the entries behind ``after``."""
        ticket = find_ticket(request.user, number)
        after = request.GET.get("after", "")
        known = int(after) if after.isdecimal() and len(after) < 19 else 0
        staff = request.user.may(Permission.INTERNAL)
        context = (staff_context if staff else customer_context)(ticket, request)
        context["entries"] = [entry for entry in context["entries"] if entry.id > known]
        return render(request, "tickets/_ticket.html" if staff else "portal/ticket.html", context)
