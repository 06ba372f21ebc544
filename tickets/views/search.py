"""Searching everything: a page, and the palette that finds while one types."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import SignedInRequest, SignedInView
from tickets.models import Ticket
from tickets.queues.finding import is_number
from tickets.search.pages import Palette, SearchPage


class SearchView(SignedInView):
    """Tickets, people and configuration items by number and words."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show what is found: staff in the workspace, customers in the portal. A whole number goes to its ticket."""
        number = request.GET.get("q", "").strip().upper()
        if is_number(number) and Ticket.objects.visible_to(request.user).filter(number=number).exists():
            return redirect("tickets:detail", number)
        template = "search/search.html" if request.user.is_agent else "search/portal.html"
        context = SearchPage(request, request.user).context()
        return render(request, template, context, status=400 if context["errors"] else 200)


class PaletteView(SignedInView):
    """The hits of the palette."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the fragment."""
        return render(request, "search/_palette_hits.html", Palette(request.user, request.GET).context())
