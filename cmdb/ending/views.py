"""The page of what ends soon, and of the limits per class."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.http import SignedInRequest
from cmdb.authority import may_correct
from cmdb.definitions import Definitions
from cmdb.ending.services import USUAL, endings, keep_limit
from cmdb.models import EndLimit, EndLimitVersion
from cmdb.models.ending import Ends
from cmdb.views.items import CmdbView, keep_out
from itsm.moments import portal_day
from itsm.web.widgets import PlainChoiceField

SHOWN = 200
MOST_DAYS = 1000


class LimitForm(forms.Form):
    """How many days before the end is told."""

    ci_class = PlainChoiceField(label=gettext_lazy("Class"), required=False)
    ends = PlainChoiceField(label=gettext_lazy("What ends"), choices=Ends.choices)
    days = forms.CharField(
        label=gettext_lazy("Days before"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Such as 90, 30, 7, 0; each is told once. Empty: never."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        classes = [(node.ci_class.code, "　" * node.depth + node.ci_class.name) for node in Definitions().tree()]
        self.fields["ci_class"].choices = [("", _("every class")), *classes]  # type: ignore[attr-defined]

    def clean_days(self) -> list[int]:
        """Whole numbers of days."""
        words = self.cleaned_data["days"].replace("，", ",").replace(",", " ").split()
        if any(not (word.isascii() and word.isdigit() and int(word) <= MOST_DAYS) for word in words):
            raise ValidationError(_("Whole numbers from 0 to %(most)d are expected.") % {"most": MOST_DAYS})
        return [int(word) for word in words]


class EndingView(CmdbView):
    """What ends soon, the nearest first; the configuration manager sets the limits."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it."""
        return self._draw(request, LimitForm(initial={"days": ", ".join(map(str, USUAL))}))

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Set a limit."""
        keep_out(request.user, may_correct(request.user))
        form = LimitForm(request.POST)
        if not form.is_valid():
            return self._draw(request, form, status=422)
        said = form.cleaned_data
        keep_limit(ci_class=said["ci_class"] or None, ends=said["ends"], days=said["days"], by=request.user)
        messages.success(request, _("Saved."))
        return redirect("cmdb:ending")

    @staticmethod
    def _draw(request: SignedInRequest, form: LimitForm, status: int = 200) -> HttpResponse:
        found = sorted(endings(portal_day(timezone.now())), key=lambda row: (row.on, row.item.identifier))
        context = {
            "rows": [{"row": row, "ends": Ends(row.ends).label} for row in found[:SHOWN]],
            "count": len(found),
            "limits": EndLimit.objects.select_related("ci_class"),
            "usual": USUAL,
            "versions": EndLimitVersion.objects.select_related("by", "limit__ci_class").order_by("-at", "-pk")[:20],
            "form": form,
            "may_manage": may_correct(request.user),
        }
        return render(request, "cmdb/ending/list.html", context, status=status)
