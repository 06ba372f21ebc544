"""Registering a ticket from a page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.loader import select_template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from drafts.http import answered
from tickets import clock
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionInvalid
from tickets.lifecycle import Action, Kind
from tickets.models import Ticket
from tickets.views.actions import posted
from tickets.workspace import drafting
from tickets.workspace.prefills import prefilled


class RegisterView(SignedInView):
    """Registering a ticket of a kind."""

    goes_on_here = True

    def get(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Show the form, with what the address fills in, or what was typed and not sent."""
        ticket, action = self._action(kind)
        form = action.form_class(ticket=ticket, user=request.user)
        form.initial.update(prefilled(request.user, kind, request.GET))
        slot, _draft = drafting.restore(form, request, self._slot(kind, action))
        return self._draw(kind, form, slot)

    def post(self, request: SignedInRequest, kind: Kind) -> HttpResponse:
        """Register; then the ticket, or the next one."""
        ticket, action = self._action(kind)
        slot = self._slot(kind, action).sent(request)
        try:
            made = perform(ticket, action.name, user=request.user, data=posted(request), files=request.FILES).ticket
        except ActionConflict as error:
            slot = drafting.keep(request.user, slot, request.POST, clock.now())
            form = action.form_class(posted(request), ticket=ticket, user=request.user)
            form.add_error(None, str(error.message))
            return answered(self._draw(kind, form, slot, status=409), slot.key)
        except ActionInvalid as error:
            slot = drafting.keep(request.user, slot, request.POST, clock.now())
            return answered(self._draw(kind, error.form, slot, status=422), slot.key)
        drafting.forget(request.user, slot)
        return answered(redirect(self._next_page(kind, made)), slot.key)

    def _next_page(self, kind: Kind, made: Ticket) -> str:
        """Thanks for requesters; for staff the ticket or the next one, and a message that offers the next call."""
        if not self.request.user.may(Permission.INTERNAL):
            return reverse("tickets:thanks", args=[made.number])
        again = reverse("tickets:register", args=[kind.slug])
        text = _("%(number)s is registered.") % {"number": made.number}
        another = self.request.POST.get("then") == "another"
        if another or not kind.in_portal:  # nobody calls about what requesters do not report
            messages.success(self.request, text)
            return again if another else made.get_absolute_url()
        offer = '{} <a class="next-call" href="{}">{} <kbd>N</kbd></a>'
        messages.success(self.request, format_html(offer, text, again, _("Next call")))
        return made.get_absolute_url()

    def _slot(self, kind: Kind, action: Action) -> drafting.Slot:
        return drafting.register_slot(kind, action, self.request.GET)

    def _action(self, kind: Kind) -> tuple[Ticket, Action]:
        """The unsaved ticket and its creating action, when this person may register."""
        action = kind.actions.get(kind.registers)
        if action is None:
            raise Http404
        ticket = kind.model()
        if not kind.may_be_registered_by(self.request.user):
            raise PermissionDenied
        return ticket, action

    def _draw(self, kind: Kind, form: Any, slot: drafting.Slot, status: int = 200) -> HttpResponse:
        audience = "tickets" if self.request.user.may(Permission.INTERNAL) else "portal"
        template = select_template([f"{audience}/register_{kind.code}.html", f"{audience}/register.html"])
        context = {"kind": kind, "form": form, "draft": slot, "may_add": self.request.user.may(Permission.PEOPLE_ADD)}
        return HttpResponse(template.render(context, self.request), status=status)
