"""Pages of handovers: handing an item over, signing for it, the form as PDF."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.permissions import Permission
from accounts.views import shell_of
from cmdb.authority import may_edit
from cmdb.custody.papers import handover_pdf
from cmdb.custody.services import NotHandedOver, State, end_handover, hand_over, may_receive, may_see
from cmdb.models import ConfigurationItem, Handover
from cmdb.views.items import CmdbView, find_item
from itsm.documents.paper import TYPE, printed


class HandOverForm(forms.Form):
    """To whom, and how it is."""

    receiver = forms.ModelChoiceField(
        label=gettext_lazy("New keeper"),
        queryset=User.objects.none(),
        to_field_name="username",
        widget=forms.Select({"data-select": ""}),
    )
    condition = forms.CharField(
        label=gettext_lazy("Condition and accessories"),
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(self, *args: Any, item: ConfigurationItem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["receiver"]
        field.queryset = may_receive(item)
        field.label_from_instance = lambda person: person.display_name


class HandOverView(CmdbView):
    """Handing an item over."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Ask to whom; show what was handed over before."""
        item = find_item(request.user, pk)
        return self._draw(request, item, HandOverForm(item=item))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Hand it over."""
        item = find_item(request.user, pk)
        form = HandOverForm(request.POST, item=item)
        if form.is_valid():
            try:
                made = hand_over(item=item, by=request.user, **form.cleaned_data)
            except NotHandedOver as error:
                form.add_error(None, str(error))
            else:
                text = _("%(person)s is told, and signs for it.") % {"person": made.receiver.display_name}
                messages.success(request, text)
                return redirect("cmdb:handover", made.pk)
        return self._draw(request, item, form, 422)

    @staticmethod
    def _draw(
        request: SignedInRequest, item: ConfigurationItem, form: HandOverForm, status: int = 200
    ) -> HttpResponse:
        rows = item.handovers.select_related("giver", "receiver")[:50]
        allowed = may_edit(request.user) or item.attributes.get("keeper") == request.user.username
        context = {"item": item, "form": form, "rows": rows, "may_give": allowed}
        return render(request, "cmdb/custody/give.html", context, status=status)


class HandoverView(SignedInView):
    """One handover: the receiver signs here."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it; with ``format=pdf`` the form with both signatures."""
        row = self._find(request, pk)
        if request.GET.get("format") == "pdf":
            content = handover_pdf(row, printed=printed(request.user, timezone.now()))
            name = f'attachment; filename="handover-{row.pk}.pdf"'
            return HttpResponse(content, content_type=TYPE, headers={"Content-Disposition": name})
        return self._draw(request, row)

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Do what the button says."""
        row = self._find(request, pk)
        state = next((name for name in ("taken", "refused", "withdrawn") if name in request.POST), "")
        if not state:
            return self._draw(request, row, status=422)
        try:
            end_handover(handover=row, state=state, words=request.POST.get("words", ""), by=request.user)
        except NotHandedOver as error:
            messages.error(request, str(error))
            return self._draw(request, row, words=request.POST.get("words", ""), status=409)
        messages.success(request, _("Recorded."))
        return redirect("cmdb:handover", pk)

    @staticmethod
    def _find(request: SignedInRequest, pk: int) -> Handover:
        row = Handover.objects.filter(pk=pk).select_related("item__ci_class", "giver", "receiver").first()
        if row is None or not may_see(row, request.user):
            raise Http404
        return row

    @staticmethod
    def _draw(request: SignedInRequest, row: Handover, words: str = "", status: int = 200) -> HttpResponse:
        is_open = row.state == State.OPEN
        context = {
            "shell": shell_of(request),
            "row": row,
            "words": words,
            "signs": is_open and request.user.pk == row.receiver_id,
            "may_withdraw": is_open and (request.user.pk == row.giver_id or may_edit(request.user)),
            "sees_item": request.user.may(Permission.CMDB_VIEW),
        }
        return render(request, "cmdb/custody/handover.html", context, status=status)
