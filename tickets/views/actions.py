"""Doing something with a ticket from a page. One route serves every action of every kind."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import select_template
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from tickets import pages
from tickets.actions import available_actions, perform
from tickets.composer import ComposerForm
from tickets.conflicts import conflict_lines
from tickets.errors import ActionError, ActionForbidden, ActionInvalid, ActionNotFound, TicketChanged
from tickets.finding import find_ticket
from tickets.lifecycle import Action, Kind
from tickets.models import Ticket, TimelineEntry
from tickets.views.detail import render_ticket

#: What an address may fill into the form of a new ticket.
PREFILLED = ("requester", "source", "business_system", "summary")


def is_htmx(request: SignedInRequest) -> bool:
    """Whether a part of a page asks, not a whole page."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def go_to(request: SignedInRequest, url: str) -> HttpResponse:
    """Send the browser on, by htmx without reloading styles and scripts."""
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Location": url})
    return redirect(url)


def posted(request: SignedInRequest) -> dict[str, Any]:
    """The posted form without what is not the action's: token, version."""
    data = request.POST.copy()
    for name in ("csrfmiddlewaretoken", "version", "then"):
        data.pop(name, None)
    return data


class ActionView(SignedInView):
    """One action of one ticket: its form, and doing it."""

    def get(self, request: SignedInRequest, number: str, name: str) -> HttpResponse:
        """Show the action's form, in place or as a page."""
        ticket = find_ticket(request.user, number)
        action = self._offered(ticket, name)
        form = action.form_class(ticket=ticket, user=request.user)
        return self._draw(ticket, action, form)

    def post(self, request: SignedInRequest, number: str, name: str) -> HttpResponse:
        """Do it; what is refused comes back with the reason and everything that was typed."""
        ticket = find_ticket(request.user, number)
        version = request.POST.get("version", "")
        try:
            entry = perform(
                ticket,
                name,
                user=request.user,
                data=posted(request),
                files=request.FILES,
                version=int(version) if version.isdecimal() else None,
            )
        except ActionError as error:
            return self._refuse(ticket, name, error)
        messages.success(request, _("Done: %(action)s.") % {"action": ticket.kind_info.actions[name].label})
        return go_to(request, _next_page(request, entry))

    def _offered(self, ticket: Ticket, name: str) -> Action:
        offered = {item.action.name: item for item in available_actions(ticket, self.request.user)}
        if name not in offered:
            raise PermissionDenied if name in ticket.kind_info.actions else Http404
        return offered[name].action

    def _refuse(self, ticket: Ticket, name: str, error: ActionError) -> HttpResponse:
        """One answer for each of the five errors."""
        if isinstance(error, ActionNotFound):
            raise Http404 from error
        if isinstance(error, ActionForbidden):
            raise PermissionDenied(error.message) from error
        action = ticket.kind_info.actions[name]
        if isinstance(error, ActionInvalid):
            return self._draw(ticket, action, error.form, status=422)
        ticket = find_ticket(self.request.user, ticket.number)
        form = action.form_class(posted(self.request), self.request.FILES, ticket=ticket, user=self.request.user)
        if isinstance(error, TicketChanged):
            lines = conflict_lines(ticket, self.request.user, int(self.request.POST["version"]), form)
            return self._draw(ticket, action, form, status=409, conflict=lines)
        return self._draw_refusal(ticket, error)

    def _draw(self, ticket: Ticket, action: Action, form: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {
            "action": pages.button_of(action, ticket),
            "form": form,
            "version": ticket.version if action.versioned else "",
            "cancel_url": ticket.get_absolute_url(),
            **more,
        }
        if is_htmx(self.request):
            return render(self.request, "components/action_form.html", context, status=status)
        return render_ticket(self.request, ticket, status=status, open_form=context)

    def _draw_refusal(self, ticket: Ticket, error: ActionError) -> HttpResponse:
        context = {"message": error.message, "url": ticket.get_absolute_url(), "state": ticket.state_label}
        if is_htmx(self.request):
            return render(self.request, "tickets/_refusal.html", context, status=409)
        return render_ticket(self.request, ticket, status=409, refusal=context)


def at_entry(ticket: Ticket, entry: TimelineEntry) -> str:
    """The ticket's page, where it tells of ``entry``."""
    return f"{ticket.get_absolute_url()}#entry-{entry.pk}"


def _next_page(request: SignedInRequest, entry: TimelineEntry) -> str:
    """The ticket, while the person still sees it; else the queue."""
    visible = Ticket.objects.visible_to(request.user).filter(pk=entry.ticket_id).exists()
    return at_entry(entry.ticket, entry) if visible else reverse("tickets:home")


class CommentView(SignedInView):
    """Writing a reply or an internal note below the timeline."""

    def post(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Add it; what is refused stays in the box."""
        ticket = find_ticket(request.user, number)
        name = "note" if request.POST.get("visibility") == "note" else "comment"
        data = {"text": request.POST.get("text", "")}
        try:
            entry = perform(ticket, name, user=request.user, data=data, files=request.FILES)
        except ActionInvalid as error:
            return self._draw(ticket, error, status=422)
        except ActionForbidden as error:
            raise PermissionDenied(error.message) from error
        return go_to(request, at_entry(ticket, entry))

    def _draw(self, ticket: Ticket, error: ActionInvalid, status: int) -> HttpResponse:
        form = ComposerForm(self.request.POST, ticket=ticket, user=self.request.user)
        form.take_errors(error.form)
        if is_htmx(self.request):
            return render(self.request, "tickets/_composer.html", {"ticket": ticket, "composer": form}, status=status)
        return render_ticket(self.request, ticket, status=status, composer=form)


class RegisterView(SignedInView):
    """Registering a ticket of a kind."""

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show the form."""
        ticket, action = self._action(kind)
        initial = {key: request.GET[key] for key in PREFILLED if key in request.GET}
        form = action.form_class(ticket=ticket, user=request.user)
        form.initial.update(initial)
        return self._draw(kind, form)

    def post(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Register; then the ticket, or the next one."""
        ticket, action = self._action(kind)
        try:
            made = perform(ticket, action.name, user=request.user, data=posted(request), files=request.FILES).ticket
        except ActionInvalid as error:
            return self._draw(kind, error.form, status=422)
        messages.success(request, _("%(number)s is registered.") % {"number": made.number})
        again = request.POST.get("then") == "another"
        return redirect(reverse("tickets:register", args=[kind.slug]) if again else made.get_absolute_url())

    def _action(self, kind: Kind) -> tuple[Ticket, Action]:
        """The unsaved ticket and its creating action, when this person may register."""
        action = kind.actions.get(kind.registers)
        if action is None:
            raise Http404
        ticket = kind.model()
        if not (action.allow and action.allow(ticket, self.request.user)):
            raise PermissionDenied
        return ticket, action

    def _draw(self, kind: Kind, form: Any, status: int = 200) -> HttpResponse:
        audience = "tickets" if self.request.user.may(Permission.INTERNAL) else "portal"
        template = select_template([f"{audience}/register_{kind.code}.html", f"{audience}/register.html"])
        context = {"kind": kind, "form": form}
        return HttpResponse(template.render(context, self.request), status=status)
