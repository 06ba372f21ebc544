"""Pages of changes beyond those of every ticket: the catalogue of standard changes."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from changes.catalogue.forms import OrderForm
from changes.catalogue.templates import offered, published
from changes.models import Change, TemplateVersion
from changes.origins.prefills import from_ticket
from changes.rules import may_raise
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionInvalid
from tickets.lifecycle import kind_of_model


class CatalogueView(SignedInView):
    """Standard changes, approved beforehand."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show what can be ordered; ``?from=`` names the ticket that needs it."""
        check_raises(request)
        raised = request.GET.get("from", "")
        context = {
            "rows": offered().select_related("group"),
            "suffix": f"?{urlencode({'from': raised})}" if raised else "",
            "manages": request.user.is_staff,
        }
        return render(request, "changes/catalogue.html", context)


class OrderView(SignedInView):
    """Ordering one."""

    goes_on_here = True

    def get(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Show the form, filled in as far as it is known."""
        version = find(request, code)
        known = from_ticket(request.user, kind_of_model(Change), request.GET.get("from", ""))
        initial = {name: known[name] for name in ("raised_from", "requester") if known.get(name)}
        return self._draw(request, version, OrderForm(ticket=Change(), user=request.user, initial=initial))

    def post(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Order it: scheduled at once."""
        version = find(request, code)
        if not version.template.approved:
            return self._draw(request, version, OrderForm(request.POST, ticket=Change(), user=request.user), 409)
        data = request.POST.copy()
        data["template"] = code
        data.pop("csrfmiddlewaretoken", None)
        try:
            made = perform(Change(), "order", user=request.user, data=data).ticket
        except ActionInvalid as error:
            return self._draw(request, version, error.form, 422)
        except ActionConflict as error:
            form = OrderForm(data, ticket=Change(), user=request.user)
            form.add_error(None, str(error.message))
            return self._draw(request, version, form, 409)
        return redirect(made.get_absolute_url())

    def _draw(
        self, request: SignedInRequest, version: TemplateVersion, form: object, status: int = 200
    ) -> HttpResponse:
        said = version.content
        texts = [
            (_("What is done"), said["content"]),
            (_("Plan"), said["plan"]),
            (_("Back-out"), said["back_out"]),
            (_("Effect"), said["effect"] or "—"),
        ]
        context = {"form": form, "version": version, "texts": texts}
        return render(request, "changes/order.html", context, status=status)


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
