"""Agreements and notice rules in the administration. Calendars and policies are published on pages of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.administration.base import PortalAdmin, RecordOnly
from accounts.models import Role, Tier
from sla.clocks.rule_admin import RuleAdmin
from sla.models import Agreement, ClosingRule, EscalationRule, NoticeRule, RuleEdit

#: Whom a rule may name beside the roles that people hold.
PARTIES = (
    ("assignee", _("the assignee")),
    ("group", _("everybody in the group")),
    ("group_duty", _("who is on duty in the group")),
    ("group_lead", _("the group's lead")),
    ("duty_manager", _("the duty manager")),
    ("watchers", _("watchers")),
    ("requester", _("the requester")),
)


def _told() -> list[tuple[str, Any]]:
    return [*PARTIES, *((role.code, role.name) for role in Role.objects.filter(active=True))]


class NoticeRuleForm(forms.ModelForm):
    """Roles are ticked, not typed."""

    roles = forms.TypedMultipleChoiceField(label=_("Who is told"), choices=_told, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = NoticeRule
        fields = ("priority", "on", "after_minutes", "roles", "active")


@admin.register(NoticeRule)
class NoticeRuleAdmin(RuleAdmin):
    """Who is told when a ticket is registered, or not responded to or resolved in time. Holds for open clocks too."""

    form = NoticeRuleForm
    list_display = ("priority", "on", "after_minutes", "active")
    list_select_related = ("priority",)
    list_filter = ("priority", "on")


@admin.register(Agreement)
class AgreementAdmin(PortalAdmin):
    """Which policy counts for a customer, a group or a supplier."""

    list_display = ("kind", "organisation", "group", "policy", "phase", "valid_from", "valid_until", "number")
    list_select_related = ("organisation", "group", "policy", "phase")
    list_filter = ("kind", "policy")


class EscalationRuleForm(forms.ModelForm):
    """Lines and roles are ticked, not typed."""

    tiers = forms.TypedMultipleChoiceField(
        label=_("Lines"), choices=lambda: Tier.choices[: Tier.THIRD.rank], widget=forms.CheckboxSelectMultiple
    )
    roles = forms.TypedMultipleChoiceField(label=_("Who is told"), choices=_told, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = EscalationRule
        fields = ("agreement", "metric", "percent", "tiers", "priority", "step", "roles", "active")


@admin.register(EscalationRule)
class EscalationRuleAdmin(RuleAdmin):
    """What happens when a line has used up its time. Holds for open clocks too."""

    form = EscalationRuleForm
    list_display = ("agreement", "metric", "percent", "lines", "priority", "step", "active")
    list_display_links = ("agreement", "metric")
    list_select_related = ("priority",)
    list_filter = ("agreement", "metric", "step")

    @admin.display(description=_("lines"))
    def lines(self, rule: EscalationRule) -> str:
        """The lines by name."""
        return ", ".join(str(Tier(code).label) for code in rule.tiers)


@admin.register(ClosingRule)
class ClosingRuleAdmin(PortalAdmin):
    """When resolved tickets of a priority close by themselves. A longer time counts for those that wait already."""

    list_display = ("priority", "calendar", "remind_hours", "close_hours", "active")
    list_select_related = ("priority", "calendar")


@admin.register(RuleEdit)
class RuleEditAdmin(RecordOnly, PortalAdmin):
    """Edits of rules, and what each did to the clocks that were open."""

    list_display = ("at", "rule", "by", "armed", "passed", "taken_back", "done_at")
    list_select_related = ("by",)
