"""Pages of whoever keeps the record right: its health, proposals, export."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.http import SignedInRequest
from accounts.permissions import Permission
from cmdb.definitions import Definitions
from cmdb.health import measures
from cmdb.inputs import Reader
from cmdb.listing import ItemList
from cmdb.models import ConfigurationItem
from cmdb.transfer.discovery import propose
from cmdb.transfer.exporting import relations_of, table_of
from cmdb.transfer.tables import csv_text, excel_bytes
from cmdb.views.items import CmdbView, find_item, keep_out, moment_of
from itsm.documents.sheets import TYPES
from itsm.moments import portal_day


class HealthView(CmdbView):
    """How complete and how right the record is."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the measures; each opens its items."""
        moment = moment_of(request)
        sections = measures(request.user, portal_day(moment.so_at), timezone.now(), moment)
        return render(request, "cmdb/health.html", {"sections": sections, "moment": moment})


class ProposeForm(forms.Form):
    """What in the record is wrong, as somebody on the spot sees it (配置核对更新)."""

    field = forms.ChoiceField(label=gettext_lazy("Field"))
    value = forms.CharField(label=gettext_lazy("What it really is"), max_length=400)
    ticket = forms.CharField(label=gettext_lazy("Seen while working on"), max_length=30, required=False)

    def __init__(self, *args: Any, item: ConfigurationItem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Definitions()
        self.item = item
        names = [
            ("name", _("Name")),
            *((c, row.name) for c, row in known.of(item.ci_class_id).items() if not row.formula),
        ]
        self.fields["field"].choices = names  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The value must fit its field."""
        cleaned = super().clean() or {}
        name = cleaned.get("field")
        if name and "value" in cleaned:
            given = {name: cleaned["value"]}
            facts, errors = Reader().facts(given, class_code=self.item.ci_class_id, complete=False)
            if errors:
                self.add_error("value", errors[name])
            cleaned["seen"] = facts.get(name)
        return cleaned


class ProposeView(CmdbView):
    """A proposal that the configuration manager decides."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Ask what is wrong."""
        item = find_item(request.user, pk)
        form = ProposeForm(item=item, initial={"ticket": request.GET.get("ticket", "")[:30]})
        return render(request, "cmdb/propose.html", {"item": item, "form": form})

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Let it wait with what discovery saw."""
        item = find_item(request.user, pk)
        form = ProposeForm(request.POST, item=item)
        if not form.is_valid():
            return render(request, "cmdb/propose.html", {"item": item, "form": form}, status=422)
        said = form.cleaned_data
        propose(item=item, name=said["field"], seen=said["seen"], ticket=said["ticket"].strip(), by=request.user)
        messages.success(request, _("The configuration manager will look at it."))
        return redirect("cmdb:item", pk)


class ExportView(CmdbView):
    """The list as a file that can be read in again: as it is, or as it was known at a moment, which its name says."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """CSV, or Excel with ``format=xlsx``."""
        keep_out(request.user, request.user.may(Permission.EXPORT))
        params = request.GET.copy()
        kind = (params.pop("format", ["csv"]) or ["csv"])[-1]
        what = (params.pop("what", [""]) or [""])[-1]
        listing = ItemList(params, request.user)
        heading, rows = relations_of(listing) if what == "relations" else table_of(listing)
        if listing.errors:
            return render(request, "cmdb/list.html", listing.context(), status=400)
        kind, what = "xlsx" if kind == "xlsx" else "csv", "relations" if what == "relations" else "items"
        content = excel_bytes(heading, rows) if kind == "xlsx" else csv_text(heading, rows)
        response = HttpResponse(content, content_type=TYPES[kind])
        known_at = listing.moment.known_at
        of = f"-{known_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}" if known_at else ""
        response["Content-Disposition"] = f'attachment; filename="{what}{of}.{kind}"'
        return response
