"""The way without the live process: a page asks every few seconds and gets the same messages."""

from __future__ import annotations

from django.http import HttpResponse

from accounts.http import SignedInRequest, SignedInView
from live import presence
from live.looks import Look
from live.rounds import Rounds
from tickets import clock
from tickets.models import Ticket


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
        message, _counts = Rounds().first(request.user, look, known, {"me": str(request.user.pk)})
        return HttpResponse(message, content_type="application/json")
