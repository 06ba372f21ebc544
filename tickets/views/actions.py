"""Doing something with a ticket from a page. One route serves every action of every kind."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView, is_htmx
from drafts.http import answered
from drafts.models import FORM_ID
from records.views import sent_version
from tickets import clock
from tickets.actions import Available, available_actions, is_allowed, perform, refusal_of
from tickets.errors import ActionConflict, ActionError, ActionForbidden, ActionInvalid, ActionNotFound, TicketChanged
from tickets.forms import ActionForm
from tickets.lifecycle import Action
from tickets.models import Ticket, TimelineEntry
from tickets.queues.finding import find_ticket
from tickets.views.detail import render_ticket
from tickets.views.undoing import undo_address
from tickets.workspace import drafting, pages
from tickets.workspace.composer import ComposerForm, action_of
from tickets.workspace.conflicts import TAKE, conflict_lines, keep_what_others_did, take_theirs
from tickets.workspace.editing import asks_only


def go_to(request: SignedInRequest, url: str) -> HttpResponse:
    """Send the browser on. Within the workspace the event ``go`` lets panes.js draw only what changed."""
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"go": {"url": url}})})
    return redirect(url)


def posted(request: SignedInRequest) -> Any:
    """The posted form without what is not the action's: token, version."""
    data = request.POST.copy()
    for name in ("csrfmiddlewaretoken", "version", "then", FORM_ID):
        data.pop(name, None)
    return data


def in_panel(request: SignedInRequest, response: HttpResponse) -> HttpResponse:
    """Have a form shown in the panel of actions, wherever the button stands that asked for it."""
    if request.headers.get("HX-Target") != "action-panel":
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#action-panel", "innerHTML"
    return response


class ActionView(SignedInView):
    """One action of one ticket: its form, and doing it."""

    goes_on_here = True

    def get(self, request: SignedInRequest, number: str, name: str) -> HttpResponse:
        """Show the action's form, in place or as a page."""
        ticket = find_ticket(request.user, number)
        try:
            action = self._offered(ticket, name)
        except ActionConflict as error:
            return self._draw_refusal(ticket, ticket.kind_info.actions[name], error, status=409)
        if action is None:
            return redirect(ticket)  # where what was typed is kept
        form = action.form_class(ticket=ticket, user=request.user)
        form.begin_with(request.GET)
        slot = self._slot(ticket, action)
        if slot.form != drafting.action_slot(ticket, action).form:
            slot, _draft = drafting.restore(form, request, slot)
        return self._draw_inline(ticket, action, form, slot) or self._draw_restored(ticket, action, form)

    def post(self, request: SignedInRequest, number: str, name: str) -> HttpResponse:
        """Do it; what is refused comes back with the reason and everything that was typed."""
        ticket = find_ticket(request.user, number)
        action = ticket.kind_info.actions.get(name)
        if action is None:
            raise Http404
        slot = self._slot(ticket, action).sent(request)
        try:
            data = self._chosen(ticket, action)
            entry = perform(
                ticket, name, user=request.user, data=data, files=request.FILES, version=sent_version(request)
            )
        except ActionError as error:
            slot = drafting.keep(request.user, slot, request.POST, clock.now())
            return answered(self._refuse(ticket, action, slot, error), slot.key)
        drafting.forget(request.user, slot)
        text = _("Done: %(action)s.") % {"action": action.label}
        messages.success(request, text, extra_tags=undo_address(request, entry))
        return answered(go_to(request, _next_page(request, entry)), slot.key)

    def _slot(self, ticket: Ticket, action: Action) -> drafting.Slot:
        """Where is kept what is typed: a property that is edited alone has a place of its own."""
        field = self.request.GET.get("field", "")
        one = field in action.form_class.base_fields
        return drafting.property_slot(ticket, action, field) if one else drafting.action_slot(ticket, action)

    def _offered(self, ticket: Ticket, name: str) -> Action | None:
        """The action; None when it is not offered any more, but something was typed for it.

        Raises Http404, PermissionDenied, ActionConflict: a state that forbids it is never told as a missing right.
        """
        offered: dict[str, Available[Action]] = {
            item.action.name: item for item in available_actions(ticket, self.request.user)
        }
        if name in offered:
            return offered[name].action
        if name not in ticket.kind_info.actions:
            raise Http404
        if drafting.has_draft(ticket, self.request.user, name):
            return None
        action = ticket.kind_info.actions[name]
        if not is_allowed(action, ticket, self.request.user):
            raise PermissionDenied
        reason = refusal_of(action, ticket, self.request.user)
        raise ActionConflict(
            reason or _("This is not possible in the state “%(state)s”.") % {"state": ticket.state_label}
        )

    def _chosen(self, ticket: Ticket, action: Action) -> Any:
        """What was posted, with the values that the person took over from somebody else's change."""
        data = posted(self.request)
        if any(key.startswith(TAKE) for key in data):
            take_theirs(data, action.form_class(ticket=ticket, user=self.request.user))
        return data

    def _refuse(self, ticket: Ticket, action: Action, slot: drafting.Slot, error: ActionError) -> HttpResponse:
        """One answer for each of the five errors. What was typed is kept already."""
        if isinstance(error, ActionNotFound):
            raise Http404 from error
        if isinstance(error, ActionForbidden) and slot.at is None:
            raise PermissionDenied(error.message) from error
        if isinstance(error, ActionInvalid):
            inline = self._draw_inline(ticket, action, error.form, slot, status=422)
            return inline or self._draw(ticket, action, error.form, slot, status=422)
        ticket = find_ticket(self.request.user, ticket.number)
        if isinstance(error, TicketChanged):
            form = action.form_class(posted(self.request), self.request.FILES, ticket=ticket, user=self.request.user)
            lines = conflict_lines(ticket, self.request.user, sent_version(self.request) or 0, form)
            keep_what_others_did(form, lines)
            return self._draw(ticket, action, form, slot, status=409, conflict=lines)
        return self._draw_refusal(ticket, action, error, status=403 if isinstance(error, ActionForbidden) else 409)

    def _draw_restored(self, ticket: Ticket, action: Action, form: ActionForm) -> HttpResponse:
        """The form with what was typed before; compared with the ticket when that changed since."""
        slot, draft = drafting.restore(form, self.request, drafting.action_slot(ticket, action))
        if draft is None or draft.version in (None, ticket.version):
            return self._draw(ticket, action, form, slot)
        typed = drafting.as_posted(draft)
        bound = action.form_class(typed, ticket=ticket, user=self.request.user)
        lines = conflict_lines(ticket, self.request.user, draft.version or 0, bound)
        keep_what_others_did(bound, lines)
        draft.fields = dict(typed.lists())
        return self._draw(ticket, action, form, drafting.fill(form, draft, slot), conflict=lines)

    def _draw_inline(
        self, ticket: Ticket, action: Action, form: Any, slot: drafting.Slot, status: int = 200
    ) -> HttpResponse | None:
        """The form of the one property that the address names, to stand beside its value."""
        field = self.request.GET.get("field", "")
        if not (is_htmx(self.request) and asks_only(form, field)) or set(form.errors) - {field, NON_FIELD_ERRORS}:
            return None
        context = {
            "action": pages.button_of(action, ticket),
            "draft": slot,
            "form": form,
            "field": form[field],
            "version": ticket.version,
            "cancel_url": ticket.get_absolute_url(),
        }
        return render(self.request, "components/inline_form.html", context, status=status)

    def _draw(
        self, ticket: Ticket, action: Action, form: Any, slot: drafting.Slot, status: int = 200, **more: Any
    ) -> HttpResponse:
        context = {
            "action": {**pages.button_of(action, ticket), "draft": slot},
            "form": form,
            "version": ticket.version if action.versioned else "",
            "cancel_url": ticket.get_absolute_url(),
            **more,
        }
        if is_htmx(self.request):
            response = render(self.request, "components/action_form.html", context, status=status)
            return in_panel(self.request, response)
        return render_ticket(self.request, ticket, status=status, open_form=context)

    def _draw_refusal(self, ticket: Ticket, action: Action, error: ActionError, status: int) -> HttpResponse:
        """Why it is not possible, and what was typed, to be used elsewhere; a whole page shows that by itself."""
        state = ticket.state_label if self._moved_on(ticket, action, error) else ""
        context = {"message": error.message, "url": ticket.get_absolute_url(), "state": state}
        if isinstance(error, ActionConflict):
            context |= {"message": error.brief, "ways": error.ways}
        if is_htmx(self.request):
            context |= {
                "kept": drafting.find_kept(ticket, self.request.user, action),
                "to": drafting.open_composer(ticket, self.request.user),
            }
            response = render(self.request, "tickets/_refusal.html", context, status=status)
            response.headers["X-Refusal"] = action.name  # static/js/conflict.js lets it be drawn whatever its status
            return in_panel(self.request, response)
        return render_ticket(self.request, ticket, status=status, refusal=context)

    def _moved_on(self, ticket: Ticket, action: Action, error: ActionError) -> bool:
        """Whether the ticket is another than the person read, so that this is refused.

        Else it is as they see it: only what they asked for is not possible.
        """
        read = sent_version(self.request)
        changed = read is not None and read != ticket.version
        return changed or isinstance(error, ActionForbidden) or not action.starts_in(ticket.state)


def at_entry(ticket: Ticket, entry: TimelineEntry) -> str:
    """The ticket's page, where it tells of ``entry``."""
    return f"{ticket.get_absolute_url()}#entry-{entry.pk}"


def _next_page(request: SignedInRequest, entry: TimelineEntry) -> str:
    """The list that the form was opened over; else the ticket, while the person still sees it; else home."""
    if back := list_behind(request):
        return back
    visible = Ticket.objects.visible_to(request.user).filter(pk=entry.ticket_id).exists()
    return at_entry(entry.ticket, entry) if visible else reverse("tickets:home")


#: Pages whose forms open over a list and lead back to it (components/sheet.html); other apps add theirs.
LISTS_WITH_FORMS = {"tickets:my", "tickets:portal"}


def list_behind(request: SignedInRequest) -> str:
    """The address of the list that the person does this from; empty when it is not one of ours."""
    url = urlsplit(request.headers.get("HX-Current-URL", ""))
    known = is_htmx(request) and url.path in {reverse(name) for name in LISTS_WITH_FORMS}
    return urlunsplit(("", "", url.path, url.query, "")) if known else ""


class CommentView(SignedInView):
    """Writing a reply or an internal note below the timeline."""

    def post(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Add it; what is refused stays in the box."""
        ticket = find_ticket(request.user, number)
        name = action_of(request.POST)
        data = {field: request.POST[field] for field in ("text", "minutes") if field in request.POST}
        slot = drafting.composer_slot(ticket).sent(request)
        try:
            entry = perform(ticket, name, user=request.user, data=data, files=request.FILES)
        except ActionError as error:
            slot = drafting.keep(request.user, slot, request.POST, clock.now())
            return answered(self._refuse(ticket, slot, error), slot.key)
        drafting.forget(request.user, slot)
        return answered(go_to(request, at_entry(ticket, entry)), slot.key)

    def _refuse(self, ticket: Ticket, slot: drafting.Slot, error: ActionError) -> HttpResponse:
        """What is missing stands beside the field; who may not write here any more finds the text among the drafts."""
        if isinstance(error, ActionInvalid):
            return self._draw(ticket, slot, error, status=422)
        if isinstance(error, ActionForbidden):
            raise PermissionDenied(error.message) from error
        raise Http404 from error

    def _draw(self, ticket: Ticket, slot: drafting.Slot, error: ActionInvalid, status: int) -> HttpResponse:
        form = ComposerForm(self.request.POST, ticket=ticket, user=self.request.user)
        form.draft = slot
        form.take_errors(error.form)
        if is_htmx(self.request):
            return render(self.request, "tickets/_composer.html", {"ticket": ticket, "composer": form}, status=status)
        return render_ticket(self.request, ticket, status=status, composer=form)
