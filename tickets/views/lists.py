"""Queues, and which page is home."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView, is_htmx
from accounts.models import Role
from accounts.permissions import Permission
from tickets.lifecycle import Kind
from tickets.models import Ticket
from tickets.queues.finding import find_ticket, is_number
from tickets.queues.lists import QueuePage
from tickets.views.detail import staff_context
from tickets.views.my import on_a_phone

#: Pages on which roles begin, beside the queue.
FIRST_PAGES = {
    Role.FirstPage.BOARD.value: ("reports:board", "incidents"),
    Role.FirstPage.PROBLEMS.value: ("reports:board", "problems"),
    Role.FirstPage.CHANGES.value: ("reports:board", "changes"),
    Role.FirstPage.LIVE.value: ("reports:live",),
}


class HomeView(SignedInView):
    """The page one starts from."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Staff start where their role says, on a phone with their own work; customers in the portal."""
        if not request.user.is_agent:
            return redirect("tickets:portal")
        if request.user.first_page in FIRST_PAGES and request.user.may(Permission.INTERNAL):
            return redirect(*FIRST_PAGES[request.user.first_page])
        return redirect("tickets:my" if on_a_phone(request) else "tickets:queue")


class QueueView(SignedInView):
    """A queue with its views, filters, order and pages; of one kind or of all."""

    def get(self, request: SignedInRequest, kind: Kind | None = None) -> HttpResponse:
        """Show it; a number in the search goes straight to its ticket."""
        if not request.user.is_agent:
            return redirect("tickets:portal")
        number = request.GET.get("q", "").strip().upper()
        if is_number(number) and Ticket.objects.visible_to(request.user).filter(number=number).exists():
            return redirect("tickets:detail", number)
        page = QueuePage(request, request.user, kind)
        if request.GET.get("part") == "rows":
            return render(request, "tickets/_rows.html", page.rows_context())
        context = page.context()
        if is_htmx(request):
            return render(request, "tickets/_queue.html", {**context, "fragment": True})
        status = 400 if context["errors"] else 200
        return render(request, "tickets/workspace.html", {**opened_beside(request), **context}, status=status)


def opened_beside(request: SignedInRequest) -> dict[str, Any]:
    """What the workspace shows of the ticket that the address names beside its queue; nothing without one."""
    number = request.GET.get("ticket", "")
    if not number:
        return {}
    try:
        return staff_context(find_ticket(request.user, number), request)
    except Http404:
        messages.warning(request, _("There is no such ticket, or you may not see it."))
        return {}
