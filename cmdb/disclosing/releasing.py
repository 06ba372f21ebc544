"""Releasing shared items to customers, and taking that back (ORG-03): the form, the page, what is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.http import SignedInRequest
from accounts.models import Organisation, User
from cmdb.authority import may_correct
from cmdb.models import ConfigurationItem, Release
from cmdb.views.items import CmdbView, find_item


class ReleaseForm(forms.Form):
    """To whom a shared item is shown, and why."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), to_field_name="code", label=gettext_lazy("Customer"), empty_label="—"
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300, required=False)

    def __init__(self, *args: Any, item: ConfigurationItem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item = item
        customers = Organisation.objects.filter(active=True, kind=Organisation.Kind.CUSTOMER)
        self.fields["organisation"].queryset = customers  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Only what is shared is released."""
        if self.item.organisation_id is not None:
            raise forms.ValidationError(_("It belongs to a customer, who sees it already; nobody else will."))
        return super().clean() or {}


def release(*, form: ReleaseForm, by: User, now: datetime) -> Release:
    """Show the item of a valid ``form`` to the customer from ``now`` on; what stands already is left as it is."""
    said = form.cleaned_data
    found, _made = Release.objects.get_or_create(
        item=form.item,
        organisation=said["organisation"],
        ended_at=None,
        defaults={"by": by, "at": now, "reason": said["reason"]},
    )
    return found


@transaction.atomic
def take_back(*, item: ConfigurationItem, code: str, by: User, now: datetime) -> int:
    """Hide the item from the customer ``code`` again; return how many releases ended."""
    standing = Release.objects.standing().filter(item=item, organisation__code=code)
    return standing.update(ended_at=now, ended_by=by)


class ReleasesView(CmdbView):
    """To which customers an item is shown, and to which it was."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it."""
        item = find_item(request.user, pk)
        return self._draw(request, item, ReleaseForm(item=item))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Release it, or take a release back."""
        if not may_correct(request.user):
            raise PermissionDenied
        item, now = find_item(request.user, pk), timezone.now()
        if code := request.POST.get("end", ""):
            take_back(item=item, code=code, by=request.user, now=now)
            messages.success(request, _("Saved."))
            return redirect("cmdb:releases", pk)
        form = ReleaseForm(request.POST, item=item)
        if not form.is_valid():
            return self._draw(request, item, form, status=422)
        release(form=form, by=request.user, now=now)
        messages.success(request, _("Saved."))
        return redirect("cmdb:releases", pk)

    @staticmethod
    def _draw(request: SignedInRequest, item: ConfigurationItem, form: ReleaseForm, status: int = 200) -> HttpResponse:
        context = {
            "item": item,
            "form": form,
            "rows": item.releases.select_related("organisation", "by", "ended_by"),
            "may_release": may_correct(request.user),
        }
        return render(request, "cmdb/releases.html", context, status=status)
