"""Pages on which two items become one, one becomes two, and either is taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from cmdb.authority import may_edit
from cmdb.merging.forms import MergeForm, NowForm, SplitForm
from cmdb.merging.references import counts_of
from cmdb.merging.services import NotOne, merge, split, take_back, taken_back
from cmdb.models import ConfigurationItem, IdentityChange
from cmdb.views.items import CmdbView, attempt, find_item, keep_out


def tried(form: Any, write: Any) -> Any:
    """As ``attempt``, also when the items stand against it."""
    try:
        return attempt(form, write)
    except NotOne as error:
        form.add_error(None, str(error))
    return None


class MergeView(CmdbView):
    """Two items beside each other: which value of each field holds, what follows."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Ask for the other, then show both."""
        keep_out(request.user, may_edit(request.user))
        item, other, error = self._both(request, pk)
        form = MergeForm(user=request.user, item=item, other=other) if other else None
        return self._draw(request, item, other, form, error, 422 if error else 200)

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Merge them."""
        keep_out(request.user, may_edit(request.user))
        item, other, error = self._both(request, pk)
        if other is None:
            return self._draw(request, item, None, None, error or _("There is no such item."), 422)
        form = MergeForm(request.POST, user=request.user, item=item, other=other)
        if form.is_valid():
            stamp = form.stamp(request.user)
            done = tried(form, lambda: merge(item=item, other=other, taken=form.taken(), stamp=stamp))
            if done is not None:
                text = _("%(other)s is merged into %(item)s.")
                messages.success(request, text % {"other": other.identifier, "item": item.identifier})
                return redirect("cmdb:item", pk)
        return self._draw(request, item, other, form, "", 422)

    @staticmethod
    def _both(request: SignedInRequest, pk: int) -> tuple[ConfigurationItem, ConfigurationItem | None, str]:
        item = find_item(request.user, pk)
        name = request.GET.get("with", "").strip()
        if not name:
            return item, None, ""
        other = ConfigurationItem.objects.visible_to(request.user).filter(identifier=name).first()
        if other is None or other.pk == item.pk:
            return item, None, _("There is no such item.") if other is None else _("This is the item itself.")
        return item, other, ""

    @staticmethod
    def _draw(request: SignedInRequest, item: Any, other: Any, form: Any, error: str, status: int) -> HttpResponse:
        context = {
            "item": item,
            "other": other,
            "form": form,
            "error": error,
            "with": request.GET.get("with", ""),
            "follows": counts_of(other.pk) if other else {},
        }
        return render(request, "cmdb/merging/merge.html", context, status=status)


class SplitView(CmdbView):
    """One record that is two things: what goes to the new one."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show what there is."""
        keep_out(request.user, may_edit(request.user))
        item = find_item(request.user, pk)
        return self._draw(request, item, SplitForm(user=request.user, item=item))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Split it."""
        keep_out(request.user, may_edit(request.user))
        item = find_item(request.user, pk)
        form = SplitForm(request.POST, user=request.user, item=item)
        if form.is_valid():
            stamp = form.stamp(request.user)
            done = tried(form, lambda: split(item=item, stamp=stamp, **form.parts()))
            if done is not None:
                messages.success(request, _("%(item)s is recorded.") % {"item": done.other})
                return redirect("cmdb:item", done.other_id)
        return self._draw(request, item, form, 422)

    @staticmethod
    def _draw(request: SignedInRequest, item: Any, form: SplitForm, status: int = 200) -> HttpResponse:
        chosen = {*form["relations"].data, *form["rows"].data} if form.is_bound else set()
        context = {"item": item, "form": form, "chosen": chosen}
        return render(request, "cmdb/merging/split.html", context, status=status)


class TakeBackView(CmdbView):
    """Taking a merge or split back."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Ask for the ground."""
        return self._draw(request, self._find(request, pk), NowForm(user=request.user))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Take it back."""
        row, form = self._find(request, pk), NowForm(request.POST, user=request.user)
        if row.undone_at:
            return self._draw(request, row, form, 409)
        if form.is_valid():
            stamp = form.stamp(request.user)
            if tried(form, lambda: take_back(change=row, stamp=stamp) or True):
                messages.success(request, _("It is as it was before."))
                return redirect("cmdb:item", row.item_id)
        return self._draw(request, row, form, 422)

    @staticmethod
    def _find(request: SignedInRequest, pk: int) -> IdentityChange:
        keep_out(request.user, may_edit(request.user))
        row = IdentityChange.objects.filter(pk=pk).select_related("item", "other", "by", "undone_by").first()
        if row is None:
            raise Http404
        return row

    @staticmethod
    def _draw(request: SignedInRequest, row: IdentityChange, form: NowForm, status: int = 200) -> HttpResponse:
        over = taken_back(row) if row.undone_at else ""
        context = {"row": row, "form": form, "over": over}
        return render(request, "cmdb/merging/take_back.html", context, status=status)
