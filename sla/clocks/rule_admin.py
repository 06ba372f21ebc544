"""Editing rules of clocks: the page says what an edit does to open clocks before it is stored."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.administration.base import PortalAdmin
from sla.clocks.rearming import Holds, Rule, holds_for, moves_timers, note_edit, scopes_of

CONFIRMED = "_confirmed"


def say(holds: Holds) -> str:
    """What a rule means for open clocks, in a sentence or two."""
    number = _("at least %(count)s") % {"count": holds.count} if holds.more else str(holds.count)
    text = ngettext("Holds for %(number)s open clock.", "Holds for %(number)s open clocks.", holds.count)
    said = text % {"number": number}
    if holds.passed:
        behind = ngettext(
            "For %(count)s of them the time lies behind: nobody is told of it.",
            "For %(count)s of them the time lies behind: nobody is told of them.",
            holds.passed,
        )
        said += " " + behind % {"count": holds.passed}
    return said


def meaning_of(rule: Rule) -> str:
    """What storing ``rule`` does, in sentences."""
    if not rule.active:
        return _("Switched off: clocks that are open do not wait for it any more. What was told stays told.")
    if not scopes_of(rule):
        return _("Holds for tickets that are registered, or raised to this priority, from now on.")
    return say(holds_for(rule))


class RuleAdmin(PortalAdmin):
    """Base of the pages of rules: asks before an edit that open clocks have to follow, and hands it to the engine."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """As ever, with a page in between that says what the edit does."""
        if request.method == "POST" and CONFIRMED not in request.POST:
            asked = self._ask(request, object_id)
            if asked is not None:
                return asked
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _ask(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """What the edit does, to be confirmed; None when there is nothing to ask."""
        key = unquote(object_id) if object_id else None
        rule = self.get_object(request, key) if key else None
        allowed = self.has_change_permission(request, rule) if key else self.has_add_permission(request)
        if not allowed or (key and rule is None):
            return None
        form = self.get_form(request, rule, change=rule is not None)(request.POST, instance=rule)
        old = self.get_object(request, key) if key else None
        if not form.is_valid() or not moves_timers(old, form.instance):
            return None
        fields = [(name, value) for name, values in request.POST.lists() for value in values if name[:4] != "csrf"]
        context = {
            **self.admin_site.each_context(request),
            "title": _("What this edit does"),
            "opts": self.opts,
            "rule": form.instance,
            "meaning": meaning_of(form.instance),
            "fields": fields,
        }
        return TemplateResponse(request, "sla/rule_edit.html", context)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Store it, and leave open clocks to the engine."""
        old = self.get_object(request, str(obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        if note_edit(old, obj, by=request.user):
            messages.info(request, _("Open clocks follow within seconds."))

    def delete_model(self, request: Any, obj: Any) -> None:
        """Remove it, and what open clocks wait for."""
        note_edit(obj, None, by=request.user)
        super().delete_model(request, obj)

    def delete_queryset(self, request: Any, queryset: Any) -> None:
        """As ``delete_model``, for those that were ticked."""
        for rule in queryset:
            note_edit(rule, None, by=request.user)
        super().delete_queryset(request, queryset)
