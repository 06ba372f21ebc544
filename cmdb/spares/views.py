"""Pages of spare parts: what lies in stock, one part with its movements."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from cmdb.authority import may_correct, may_edit
from cmdb.models import SpareMovement, SparePart
from cmdb.pages import pages_of_tickets
from cmdb.spares.services import NotInStock, move
from cmdb.views.items import CmdbView, keep_out


class PartForm(forms.ModelForm):
    """A spare part."""

    class Meta:
        model = SparePart
        fields: ClassVar[list[str]] = ["name", "ci_class", "part_number", "place", "unit", "minimum", "active"]


class MovementForm(forms.Form):
    """Something that comes or goes."""

    kind = forms.ChoiceField(choices=SpareMovement.Kind.choices, initial=SpareMovement.Kind.TAKEN)
    count = forms.IntegerField(min_value=0, max_value=100_000, initial=1)
    reference = forms.CharField(max_length=30, required=False)
    note = forms.CharField(max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"kind": _("What"), "count": _("How many"), "reference": _("Ticket"), "note": _("Note")}
        for name, label in labels.items():
            self.fields[name].label = label

    def clean(self) -> dict[str, Any]:
        """Nothing is moved by nothing; only counting may come to none."""
        cleaned = super().clean() or {}
        if cleaned.get("count") == 0 and cleaned.get("kind") != SpareMovement.Kind.COUNTED:
            self.add_error("count", _("At least 1."))
        return cleaned


class PartsView(CmdbView):
    """What lies in stock; what runs low stands first."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it."""
        return self._draw(request, PartForm())

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Add a part."""
        keep_out(request.user, may_correct(request.user))
        form = PartForm(request.POST)
        if not form.is_valid():
            return self._draw(request, form, status=422)
        return redirect("cmdb:spare", form.save().pk)

    @staticmethod
    def _draw(request: SignedInRequest, form: PartForm, status: int = 200) -> HttpResponse:
        rows = list(SparePart.objects.with_stock().filter(active=True).select_related("ci_class"))
        rows.sort(key=lambda row: row.stock >= row.minimum)
        context = {
            "rows": rows,
            "form": form,
            "may_manage": may_correct(request.user),
            "ticket": request.GET.get("ticket", "")[:30],
        }
        return render(request, "cmdb/spares/list.html", context, status=status)


class PartView(CmdbView):
    """One part: what came and went."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it."""
        form = MovementForm(initial={"reference": request.GET.get("ticket", "")[:30]})
        return self._draw(request, self._find(pk), form)

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Move some."""
        part = self._find(pk)
        keep_out(request.user, may_edit(request.user))
        form = MovementForm(request.POST)
        if form.is_valid():
            try:
                move(part=part, by=request.user, **form.cleaned_data)
            except NotInStock as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Recorded."))
                return redirect("cmdb:spare", pk)
        return self._draw(request, part, form, status=422)

    @staticmethod
    def _find(pk: int) -> SparePart:
        found = SparePart.objects.with_stock().select_related("ci_class").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    @staticmethod
    def _draw(request: SignedInRequest, part: SparePart, form: MovementForm, status: int = 200) -> HttpResponse:
        rows = list(part.movements.select_related("by")[:100])
        urls = pages_of_tickets({row.reference for row in rows} - {""}, request.user)
        lines = [{"row": row, "url": urls.get(row.reference, "")} for row in rows]
        context = {"part": part, "lines": lines, "form": form, "may_edit": may_edit(request.user)}
        return render(request, "cmdb/spares/part.html", context, status=status)
