"""Pages of saved queries."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from cmdb.asking.forms import SaveForm
from cmdb.models import ItemQuery
from cmdb.views.items import CmdbView


class QueriesView(CmdbView):
    """The queries that somebody finds; a new one is kept from the list."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them, or ask for the name of what an address shows."""
        params = request.GET.get("params")
        form = SaveForm(owner=request.user, initial={"params": params}) if params is not None else None
        return self._draw(request, form)

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Keep one."""
        form = SaveForm(request.POST, owner=request.user)
        if not form.is_valid():
            return self._draw(request, form, status=422)
        made = form.save()
        messages.success(request, _("The query is kept."))
        return redirect(f"{reverse('cmdb:list')}?query={made.pk}")

    @staticmethod
    def _draw(request: SignedInRequest, form: SaveForm | None, status: int = 200) -> HttpResponse:
        rows = ItemQuery.objects.visible_to(request.user).select_related("owner")
        return render(request, "cmdb/queries.html", {"rows": rows, "form": form}, status=status)


class QueryView(CmdbView):
    """One query of one's own: taken away, or shared."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Do what the button says."""
        row = ItemQuery.objects.filter(owner=request.user, pk=pk).first()
        if row is None:
            raise Http404
        if "delete" in request.POST:
            row.delete()
            messages.success(request, _("The query is taken away."))
        else:
            row.shared = "share" in request.POST
            row.save(update_fields=["shared"])
        return redirect("cmdb:queries")
