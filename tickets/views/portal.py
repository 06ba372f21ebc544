"""The requesters' portal: home, finding while typing, thanks after reporting (PRT-01)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import SignedInRequest, SignedInView, is_htmx
from tickets import clock
from tickets.queues.finding import find_ticket
from tickets.search.matching import matching
from tickets.workspace import portal


class PortalView(SignedInView):
    """The requester's home: report, and follow the own tickets or the organisation's."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it; htmx gets the list alone."""
        context = portal.PortalPage(request.user, request.GET, clock.now()).context()
        return render(request, "portal/_list.html" if is_htmx(request) else "portal/home.html", context)


class PortalFindView(SignedInView):
    """What the one field of the portal finds while somebody types."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show own tickets with these words, and the offer to report them."""
        words = request.GET.get("q", "").strip()[:200]
        context: dict[str, Any] = {"words": words, "lines": []}
        if len(words) > 1:
            found = portal.for_lines(matching(portal.followed(request.user, portal.MINE), words, request.user))
            newest = found.order_by("-created_at", "-id")[: portal.FOUND]
            context["lines"] = portal.lines_of(newest, request.user, clock.now())
        return render(request, "portal/_found.html", context)


class ThanksView(SignedInView):
    """After reporting: the number, and what happens next."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Say thank you."""
        ticket = find_ticket(request.user, number)
        context = {"ticket": ticket, "next": portal.next_words(ticket, request.user)}
        return render(request, "portal/thanks.html", context)
