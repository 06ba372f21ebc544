"""Pages of the types of relations: the list, a new one, one with what a change of it would mean (CMDB-02)."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from cmdb.class_forms import RelationTypeForm
from cmdb.defining.history import told_versions
from cmdb.defining.preview import Preview
from cmdb.defining.relation_types import keep_relation_type
from cmdb.models import RelationType
from cmdb.views.classes import ManagedView, kept


class RelationTypesView(ManagedView):
    """All types of relations, and a new one."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them."""
        return self._draw(request, RelationTypeForm())

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Add one."""
        form = RelationTypeForm(request.POST)
        if not form.is_valid():
            return self._draw(request, form, status=422)
        made = form.save(commit=False)
        keep_relation_type(made, form.allowed(), request.user)
        messages.success(request, _("The type of relations is added."))
        return redirect("cmdb:relation_types")

    @staticmethod
    def _draw(request: SignedInRequest, form: RelationTypeForm, status: int = 200) -> HttpResponse:
        rows = RelationType.objects.annotate(held=Count("relations", filter=Q(relations__active=True)))
        context = {"rows": rows.prefetch_related("source_classes", "target_classes"), "form": form}
        return render(request, "cmdb/relation_types.html", context, status=status)


class RelationTypeView(ManagedView):
    """One type of relations."""

    def get(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Show the form."""
        return self._draw(request, RelationTypeForm(instance=find_type(code)))

    def post(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Say what would not fit, then change it when that was seen."""
        form = RelationTypeForm(request.POST, instance=find_type(code))
        if not form.is_valid():
            return self._draw(request, form, status=422)
        preview = form.preview()
        if not preview.agreed(request.POST.get("confirmed", "")):
            return self._draw(request, form, preview=preview)
        if not kept(form, lambda: keep_relation_type(form.save(commit=False), form.allowed(), request.user)):
            return self._draw(request, form, status=422)
        messages.success(request, _("Saved."))
        return redirect("cmdb:relation_types")

    @staticmethod
    def _draw(
        request: SignedInRequest, form: RelationTypeForm, *, preview: Preview | None = None, status: int = 200
    ) -> HttpResponse:
        row = find_type(form.instance.pk)
        context = {"form": form, "type": row, "preview": preview, "versions": told_versions(row)}
        return render(request, "cmdb/relation_type.html", context, status=status)


def find_type(code: str) -> RelationType:
    """The type. Raises Http404."""
    found = RelationType.objects.filter(pk=code).first()
    if found is None:
        raise Http404
    return found
