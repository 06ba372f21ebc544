"""A ticket's page: for staff with everything, for customers its public part."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView, is_htmx
from accounts.models import User
from accounts.permissions import Permission
from duty.queries import standing_of
from tickets import clock
from tickets.actions import available_actions
from tickets.lifecycle import Phase
from tickets.models import Ticket
from tickets.queues.finding import find_ticket
from tickets.queues.limits import chip_of
from tickets.rules import is_supplier, may_reply
from tickets.shared.asking import asked_about
from tickets.shared.items import behind_items, items_for_customer, listed_items
from tickets.shared.worktime import time_by_person
from tickets.timeline import entries_for, present
from tickets.workspace import drafting, pages, portal
from tickets.workspace.composer import ComposerForm
from tickets.workspace.editing import editors_of
from tickets.workspace.linked import links_of
from tickets.workspace.surroundings import surroundings_of


class DetailView(SignedInView):
    """One ticket: as a page with the queue beside it, or as the fragment that the workspace opens."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it."""
        return render_ticket(request, find_ticket(request.user, number))


def render_ticket(request: SignedInRequest, ticket: Ticket, status: int = 200, **more: Any) -> HttpResponse:
    """The ticket for the person who asks; ``more`` adds an open form or an unsent comment."""
    if not request.user.may(Permission.INTERNAL):
        return render(request, "portal/ticket.html", {**customer_context(ticket, request), **more}, status=status)
    context = {**staff_context(ticket, request), **more}
    if is_htmx(request):
        context |= {"fragment": True, "row": pages.row_of(ticket, context["now"], selected=True)}
        return render(request, "tickets/_ticket.html", context, status=status)
    return render(request, "tickets/workspace.html", context, status=status)


class AroundView(SignedInView):
    """What stands around a ticket, fetched once the ticket is on the screen."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it to staff."""
        ticket = find_ticket(request.user, number)
        if not request.user.may(Permission.INTERNAL):
            raise PermissionDenied
        now = clock.now()
        around = surroundings_of(ticket, request.user, now)
        context = {"around": around, "spent": time_by_person(ticket), "duty": standing_of(ticket.group, now)}
        context["beside"] = pages.beside_of(ticket, request.user, now)
        context |= behind_items(ticket, request.user)
        return render(request, "tickets/_around.html", context)


def base_context(ticket: Ticket, request: SignedInRequest) -> dict[str, Any]:
    """What both audiences see."""
    now, user = clock.now(), request.user
    available = available_actions(ticket, user)
    drafts = drafting.drafts_of(ticket, user)
    return {
        "ticket": ticket,
        "chip": chip_of(ticket, now),
        "now": now,
        "steps": pages.steps_of(ticket),
        "available": available,
        "actions": drafting.mark_waiting(pages.buttons(ticket, available), drafts),
        "kept": drafting.kept_texts(ticket, user, drafts, [item.action.name for item in available if item.enabled]),
        "entries": present(entries_for(ticket, user), user, ticket.kind_info),
        "composer": ComposerForm(ticket=ticket, user=user).show(
            drafts.get(drafting.COMPOSER, []), drafting.wanted_drafts(request)
        ),
        "banner": pages.banner_of(ticket, available, user, now),
    }


def staff_context(ticket: Ticket, request: SignedInRequest) -> dict[str, Any]:
    """Everything."""
    base, user = base_context(ticket, request), request.user
    editors = editors_of(ticket, base["available"])
    queue = reverse("tickets:queue")
    return {
        **base,
        "queue_url": queue,
        "back_url": queue,
        "editors": editors,
        "requester": pages.requester_facts(ticket, editors),
        "classification": pages.classification_facts(ticket, editors),
        "handling": pages.handling_facts(ticket, editors),
        **listed_items(ticket),
        "item_actions": pages.item_buttons(ticket, base["available"]),
        "links": links_of(ticket, user),
        "tasks": pages.task_lines(ticket),
        "watchers": list(ticket.watchers.all()),
        "asked": asked_about([ticket], user).get(ticket.pk, []),
        "escalation": pages.escalation(ticket, user),
        "prints": pages.prints_of(ticket),
    }


def customer_context(ticket: Ticket, request: SignedInRequest) -> dict[str, Any]:
    """The public part."""
    user = request.user
    solution = getattr(ticket, "handling", "")
    said = getattr(ticket, "confirmed_at", None) is not None  # who has confirmed is not asked again
    asks = ticket.phase == Phase.RESOLVED and ticket.requester_id == user.pk and not said
    facts = [
        pages.pair(_("Number"), ticket.number),
        pages.pair(_("Priority"), ticket.priority),
        pages.pair(_("Business system"), ticket.business_system),
        pages.pair(_("Requester"), ticket.requester),
        pages.pair(_("Occurred"), getattr(ticket, "occurred_at", None)),
        pages.pair(_("Created"), ticket.created_at),
        pages.pair(_("Expected by"), ticket.planned_completion_at),
        pages.pair(_("Agreed with you"), ticket.agreed_at),
        pages.pair(_("Reason"), ticket.agreed_reason),
        pages.pair(_("Completed"), ticket.resolved_at),
        pages.pair(_("Closes by itself on"), ticket.closes_at),
        pages.pair(_("Solution"), "" if asks else solution),
        *supplier_facts(ticket, user),
    ]
    base, links = base_context(ticket, request), links_of(ticket, user)
    return {
        **base,
        **portal.expected_of(ticket, base["now"]),
        "steps": portal.plain_steps(ticket, user),
        "facts": pages.filled(facts),
        "solution": solution if asks else "",
        **items_for_customer(ticket, user),
        "links": links,
        "goes_on_in": next((link["ticket"] for link in links if link.get("goes_on")), None),
        "watches": ticket.watchers.filter(pk=user.pk).exists(),
        "plain_state": portal.plain_state(ticket, user),
        "tone": portal.TONES[Phase(ticket.phase)],
        "next": portal.next_words(ticket, user),
        "speaks": may_reply(ticket, user),
    }


def supplier_facts(ticket: Ticket, user: User) -> list[Any]:
    """The supplier's case, for its people (INC-14)."""
    names = ticket.kind_info.supplier_fields if is_supplier(ticket, user) else ()
    columns: list[Any] = [ticket._meta.get_field(name) for name in names]
    return [pages.pair(capfirst(str(column.verbose_name)), getattr(ticket, column.name)) for column in columns]
