"""Queues, the requester's portal, and which of them is home."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView, is_htmx
from accounts.models import User
from tickets import clock, pages
from tickets.finding import find_ticket
from tickets.lifecycle import Kind, Phase, kinds
from tickets.lists import QueuePage
from tickets.models import Ticket
from tickets.views.detail import staff_context


class HomeView(SignedInView):
    """The page one starts from."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Staff start in the queue, customers in the portal."""
        return redirect("tickets:queue" if request.user.is_agent else "tickets:portal")


class QueueView(SignedInView):
    """A queue with its views, filters, order and pages; of one kind or of all."""

    def get(self, request: SignedInRequest, kind: Kind | None = None) -> HttpResponse:
        """Show it; a number in the search goes straight to its ticket."""
        if not request.user.is_agent:
            return redirect("tickets:portal")
        number = request.GET.get("q", "").strip().upper()
        if _looks_like(number) and Ticket.objects.visible_to(request.user).filter(number=number).exists():
            return redirect("tickets:detail", number)
        context = QueuePage(request, request.user, kind).context()
        if is_htmx(request):
            return render(request, "tickets/_queue.html", context)
        return render(request, "tickets/workspace.html", {**opened_beside(request), **context})


def opened_beside(request: SignedInRequest) -> dict[str, Any]:
    """What the workspace shows of the ticket that the address names beside its queue; nothing without one."""
    number = request.GET.get("ticket", "")
    if not number:
        return {}
    try:
        return staff_context(find_ticket(request.user, number), request.user)
    except Http404:
        messages.warning(request, _("There is no such ticket, or you may not see it."))
        return {}


def _looks_like(number: str) -> bool:
    """Whether a search could be a ticket number: only then a query is worth it."""
    return number[-12:].isdecimal() and any(number[:-12] == kind.prefix for kind in kinds())


class PortalView(SignedInView):
    """The requester's home: report, and follow the own tickets or the organisation's."""

    PAGE = 50

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the tiles and the tickets."""
        found = Ticket.objects.visible_to(request.user).filter(parent=None)
        whose = request.GET.get("of", "mine")
        if whose == "mine":
            found = found.filter(requester=request.user)
        elif whose != "organisation":
            raise PermissionDenied
        tickets = found.for_rows().order_by("-created_at", "-id")[: self.PAGE]
        now = clock.now()
        offered = answers_to(tickets, request.user)
        context = {
            "lines": [portal_line(ticket, now, offered.get(ticket.pk)) for ticket in tickets],
            "tabs": _tabs(whose),
            "more": len(tickets) == self.PAGE,
            "page_size": self.PAGE,
        }
        return render(request, "portal/home.html", context)


def _tabs(whose: str) -> list[dict[str, Any]]:
    choices = [("mine", _("My tickets")), ("organisation", _("My organisation's tickets"))]
    home = reverse("tickets:portal")
    return [
        {"label": label, "url": f"{home}?of={code}", "count": None, "active": code == whose, "tone": ""}
        for code, label in choices
    ]


def answers_to(tickets: Iterable[Ticket], user: User) -> dict[int, dict[str, Any]]:
    """Buttons by name for those of ``tickets`` whose requester is asked whether it is solved. One query a kind."""
    asked = [ticket for ticket in tickets if ticket.phase == Phase.RESOLVED and ticket.requester_id == user.pk]
    wanted = [(kind, [ticket.pk for ticket in asked if ticket.kind == kind.code]) for kind in kinds()]
    rows = [row for kind, keys in wanted if keys for row in kind.model.objects.filter(pk__in=keys)]
    return {row.pk: {button["name"]: button for button in pages.buttons_of(row, user)} for row in rows}


def portal_line(ticket: Ticket, now: datetime, offered: dict[str, Any] | None) -> dict[str, Any]:
    """A ticket as its requester follows it: what is asked of them, else when it is expected."""
    tones = {Phase.OPEN: "info", Phase.WAITING: "soon", Phase.RESOLVED: "ok", Phase.CLOSED: "neutral"}
    expected = ticket.planned_completion_at if ticket.phase == Phase.OPEN else None
    return {
        "ticket": ticket,
        "url": ticket.get_absolute_url(),
        "label": _("Solved, please confirm") if offered else ticket.state_label,
        "tone": tones[Phase(ticket.phase)],
        "confirm": (offered or {}).get("confirm"),
        "not_solved": (offered or {}).get("not_solved"),
        "expected": expected if expected and expected > now else None,
        "late": bool(expected and expected <= now),
        "urge_url": reverse("tickets:action", args=[ticket.number, "urge"]) if ticket.is_live else "",
    }
