"""Pages of freeze windows: what holds, what held as known at a moment, each version, and editing with a preview."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from changes.freezing.forms import FreezeForm
from changes.freezing.queries import asked_moment, history, year_known
from changes.freezing.services import Preview, may_edit, may_read, preview, save_freeze
from changes.freezing.versions import recorded_since
from changes.models import FreezeRule
from tickets import clock


class FreezesView(SignedInView):
    """The freeze windows of a year, as known now or at a moment; the rules, and every version of them."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show them; what the address says wrongly is left out."""
        if not may_read(request.user):
            raise PermissionDenied
        now, known_at = clock.now(), asked_moment(request.GET)
        text = request.GET.get("year", "")
        this = timezone.localtime(now).year
        year = int(text) if text.isascii() and text.isdigit() and 2000 <= int(text[:5]) <= 2100 else this
        since = recorded_since()
        context = {
            "year": year_known(year, known_at),
            "known_at": known_at,
            "since": since if known_at and (since is None or known_at < since) else None,
            "rules": FreezeRule.objects.order_by("-active", "code"),
            "history": history(),
            "edits": may_edit(request.user),
        }
        return render(request, "changes/freezing/list.html", context)


class EditFreezeView(SignedInView):
    """Editing a freeze window, or making one: what it would do is shown first, and saved only as it was shown."""

    goes_on_here = True

    def get(self, request: SignedInRequest, code: str = "") -> HttpResponse:
        """Show it."""
        return self._draw(FreezeForm(instance=self._find(code)))

    def post(self, request: SignedInRequest, code: str = "") -> HttpResponse:
        """Preview it; save it once what is sent was previewed."""
        form = FreezeForm(request.POST, instance=self._find(code))
        now = clock.now()
        if not form.is_valid():
            form.say_conflict_above()
            return self._draw(form, status=422)
        if not form.is_previewed:
            return self._draw(form, found=preview(form.instance, request.user, now))
        rule = save_freeze(form.instance, reason=form.cleaned_data["reason"], user=request.user, now=now)
        messages.success(request, _("“%(name)s” is saved; planned changes were graded anew.") % {"name": rule.name})
        return redirect("changes:freezes")

    def _find(self, code: str) -> FreezeRule | None:
        if not may_edit(self.request.user):
            raise PermissionDenied
        return get_object_or_404(FreezeRule, code=code) if code else None

    def _draw(self, form: FreezeForm, found: Preview | None = None, status: int = 200) -> HttpResponse:
        rule: Any = FreezeRule.objects.filter(pk=form.instance.pk).first() if form.instance.pk else None
        context = {
            "form": form,
            "rule": rule,
            "found": found,
            "digest": form.digest if found else "",
            "history": history(rule) if rule else [],
        }
        return render(self.request, "changes/freezing/edit.html", context, status=status)
