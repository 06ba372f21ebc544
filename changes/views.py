"""Pages of changes beyond those of every ticket: the catalogue of standard changes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from changes.catalogue.editing import Steps, TemplateForm, may_edit, save_template
from changes.catalogue.forms import OrderForm
from changes.catalogue.templates import offered, published
from changes.collision.checking import window_of
from changes.models import Change, ChangeTemplate, TemplateVersion
from changes.rules import may_raise
from records.views import sent_version
from tickets import clock
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionInvalid
from tickets.lifecycle import kind_of_model
from tickets.workspace.prefills import prefilled

#: What an address may say of an order, and what of that the form takes over.
KNOWN = ("from", "item")
FILLED = ("raised_from", "requester", "business_system", "items")


class CatalogueView(SignedInView):
    """Standard changes, approved beforehand."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show what can be ordered; ``?from=`` names the ticket that needs it, ``?item=`` the item."""
        check_raises(request)
        known = {name: request.GET[name] for name in KNOWN if request.GET.get(name)}
        context = {
            "rows": offered().select_related("group"),
            "suffix": f"?{urlencode(known)}" if known else "",
            "manages": may_edit(request.user),
            "staff": request.user.is_staff,
        }
        return render(request, "changes/catalogue.html", context)


class OrderView(SignedInView):
    """Ordering one."""

    goes_on_here = True

    def get(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Show the form, filled in as far as it is known."""
        version = find(request, code)
        known = prefilled(request.user, kind_of_model(Change), request.GET)
        initial = {name: known[name] for name in FILLED if known.get(name)}
        return self._draw(request, version, OrderForm(ticket=Change(), user=request.user, initial=initial))

    def post(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Order it: scheduled at once."""
        version = find(request, code)
        if not version.template.approved:
            return self._draw(request, version, OrderForm(request.POST, ticket=Change(), user=request.user), 409)
        data = request.POST.copy()
        data["template"] = code
        if taken := data.pop("window", None):
            data["planned_start"], _sign, data["planned_end"] = taken[0].partition("/")
        data.pop("csrfmiddlewaretoken", None)
        try:
            made = perform(Change(), "order", user=request.user, data=data).ticket
        except ActionInvalid as error:
            return self._draw(request, version, error.form, 422)
        except ActionConflict as error:
            form = OrderForm(data, ticket=Change(), user=request.user)
            form.add_error(None, getattr(error, "reason", str(error.message)))
            return self._draw(request, version, form, 409, getattr(error, "slots", ()))
        return redirect(made.get_absolute_url())

    def _draw(
        self, request: SignedInRequest, version: TemplateVersion, form: Any, status: int = 200, slots: Any = ()
    ) -> HttpResponse:
        texts = [
            (_("What is done"), version.said("content")),
            (_("Plan"), version.said("plan")),
            (_("Back-out"), version.said("back_out")),
            (_("Effect"), version.said("effect") or "—"),
        ]
        if version.template.needs_subject:
            form.fields["items"].help_text = _("Needed here: a configuration item, or a business system.")
        windows = [(slot, window_of(slot)) for slot in slots]
        context = {"form": form, "version": version, "texts": texts, "windows": windows}
        return render(request, "changes/order.html", context, status=status)


class EditTemplateView(SignedInView):
    """Editing a standard change with its steps, or adding one; what is saved is its next version."""

    goes_on_here = True

    def get(self, request: SignedInRequest, code: str = "") -> HttpResponse:
        """Show it; without a code a new one."""
        template = self._find(request, code)
        return self._draw(request, TemplateForm(instance=template), Steps(instance=template))

    def post(self, request: SignedInRequest, code: str = "") -> HttpResponse:
        """Save and publish it."""
        template = self._find(request, code)
        form = TemplateForm(request.POST, instance=template)
        is_valid = form.is_valid()  # fills the template in, whose length the steps keep to
        steps = Steps(request.POST, instance=template)
        if not (steps.is_valid() and is_valid):
            return self._draw(request, form, steps, 422)
        try:
            save_template(form, steps, by=request.user, now=clock.now(), read=sent_version(request))
        except ActionConflict as error:
            form.add_error(None, str(error.message))
            return self._draw(request, form, steps, 409)
        messages.success(request, _("“%(name)s” is saved; open changes keep their version.") % {"name": template.name})
        if not template.approved:
            messages.info(request, _("It can be ordered once another change manager has given the pre-approval."))
        return redirect("changes:catalogue")

    def _find(self, request: SignedInRequest, code: str) -> ChangeTemplate:
        if not may_edit(request.user):
            raise PermissionDenied
        return get_object_or_404(ChangeTemplate, code=code) if code else ChangeTemplate(needs_subject=True)

    def _draw(self, request: SignedInRequest, form: TemplateForm, steps: Any, status: int = 200) -> HttpResponse:
        version = form.instance.versions.select_related("made_by").first() if form.instance.pk else None
        read = None if status == 409 else sent_version(request)  # who was told of another version has read it
        number = read or (version.number if version else None)
        context = {"form": form, "steps": steps, "template": form.instance, "version": version, "read": number}
        return render(request, "changes/template.html", context, status=status)


def check_raises(request: SignedInRequest) -> None:
    """Raise PermissionDenied for those who raise no changes."""
    if not may_raise(Change(), request.user):
        raise PermissionDenied


def find(request: SignedInRequest, code: str) -> TemplateVersion:
    """The newest version under ``code``, also of what has lost its pre-approval: the page says so.

    Raises Http404, PermissionDenied.
    """
    check_raises(request)
    template = published().filter(code=code).first()
    version = template.versions.select_related("template").first() if template else None
    if version is None:
        raise Http404
    return version
