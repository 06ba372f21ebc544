"""The owner's page: what waits to be confirmed, one by one or all at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from accounts.views import shell_of
from cmdb import pages
from cmdb.confirming.services import confirm, to_confirm, with_last
from cmdb.definitions import Definitions
from cmdb.disclosing.facts import Disclosure

SHOWN = 200


class ConfirmForm(forms.Form):
    """What the press says: when the page was read, and of which item; all that it showed without one."""

    shown_at = forms.DateTimeField()
    item = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class ConfirmView(SignedInView):
    """One's own items whose values wait for a word; anybody may own one."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them with what is recorded."""
        now, known, told = timezone.now(), Definitions(), Disclosure(request.user)
        found = to_confirm(request.user, now)
        rows = list(with_last(found).select_related("ci_class", "status")[:SHOWN])
        for row in rows:
            row.attributes = told.of(row.attributes)
        context = {
            "shell": shell_of(request),
            "rows": [{"item": row, "sections": pages.facts_of(row, known)} for row in rows],
            "count": found.count(),
            "shown": SHOWN,
            "shown_at": now.isoformat(timespec="microseconds"),
            "opens": request.user.may(Permission.CMDB_VIEW),
        }
        return render(request, "cmdb/confirming/list.html", context)

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Take the word."""
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("It cannot be told what was shown; look at the items again."))
            return redirect("cmdb:confirm")
        said = form.cleaned_data
        shown_at: datetime = min(said["shown_at"], timezone.now())
        keys: Any = [said["item"]] if said["item"] else self._shown(request, shown_at)
        taken = confirm(by=request.user, shown_at=shown_at, now=timezone.now(), keys=keys)
        left = len(keys) - len(taken)
        if taken:
            text = ngettext("%(count)d item is confirmed.", "%(count)d items are confirmed.", len(taken))
            messages.success(request, text % {"count": len(taken)})
        if left > 0:
            messages.warning(request, _("Confirmed already, or changed since it was shown: look at it again."))
        return redirect("cmdb:confirm")

    @staticmethod
    def _shown(request: SignedInRequest, shown_at: datetime) -> list[int]:
        """The items that the page showed."""
        return list(to_confirm(request.user, shown_at).values_list("pk", flat=True)[:SHOWN])
