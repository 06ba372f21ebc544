"""A ticket's page: for staff with everything, for customers its public part."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.permissions import Permission
from tickets import clock, pages
from tickets.composer import ComposerForm
from tickets.finding import find_ticket
from tickets.lifecycle import Phase
from tickets.limits import chip_of, limit_bars
from tickets.models import Ticket
from tickets.timeline import entries_for, present


class DetailView(SignedInView):
    """One ticket."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it."""
        return render_ticket(request, find_ticket(request.user, number))


def render_ticket(request: SignedInRequest, ticket: Ticket, status: int = 200, **more: Any) -> HttpResponse:
    """The ticket's page for the person who asks; ``more`` adds an open form or an unsent comment."""
    staff = request.user.may(Permission.INTERNAL)
    context = {**(staff_context if staff else customer_context)(ticket, request.user), **more}
    template = "tickets/detail.html" if staff else "portal/ticket.html"
    return render(request, template, context, status=status)


def base_context(ticket: Ticket, user: User) -> dict[str, Any]:
    """What both audiences see."""
    now = clock.now()
    return {
        "ticket": ticket,
        "chip": chip_of(ticket, now),
        "now": now,
        "steps": pages.steps_of(ticket),
        "actions": pages.buttons_of(ticket, user),
        "entries": present(entries_for(ticket, user), user, ticket.kind_info),
        "composer": ComposerForm(ticket=ticket, user=user),
    }


def staff_context(ticket: Ticket, user: User) -> dict[str, Any]:
    """Everything."""
    base = base_context(ticket, user)
    return {
        **base,
        "bars": limit_bars(ticket, base["now"]),
        "requester": pages.requester_facts(ticket),
        "classification": pages.classification_facts(ticket),
        "handling": pages.handling_facts(ticket),
        "items": ticket.items.select_related("ci_class", "status"),
        "links": pages.links_of(ticket, user),
        "tasks": pages.task_lines(ticket),
        "watchers": list(ticket.watchers.all()),
        "priority_request": pages.priority_request(ticket, user),
    }


def customer_context(ticket: Ticket, user: User) -> dict[str, Any]:
    """The public part."""
    solution = getattr(ticket, "handling", "")
    asks = ticket.phase == Phase.RESOLVED and ticket.requester_id == user.pk
    facts = [
        pages.pair(_("Number"), ticket.number),
        pages.pair(_("State"), ticket.state_label),
        pages.pair(_("Priority"), ticket.priority),
        pages.pair(_("Business system"), ticket.business_system),
        pages.pair(_("Requester"), ticket.requester),
        pages.pair(_("Created"), ticket.created_at),
        pages.pair(_("Expected by"), ticket.planned_completion_at),
        pages.pair(_("Completed"), ticket.resolved_at),
        pages.pair(_("Solution"), "" if asks else solution),
    ]
    return {
        **base_context(ticket, user),
        "facts": pages.filled(facts),
        "solution": solution if asks else "",
        "links": pages.links_of(ticket, user),
        "watches": ticket.watchers.filter(pk=user.pk).exists(),
    }
