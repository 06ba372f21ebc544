"""Administration of approval policies: each save is a new version; rounds keep the one they were asked with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin_base import PortalAdmin, RecordOnly
from accounts.permissions import Permission
from approvals.models import Policy, PolicyDecider, PolicyStep, PolicyVersion
from approvals.policies import publish
from approvals.questions import every_question


class PolicyForm(forms.ModelForm):
    """A policy; kind and question are chosen among those that are declared."""

    class Meta:
        model = Policy
        fields = ("code", "name_zh", "name_en", "kind", "purpose", "grade", "risk", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, values in (("kind", _kinds()), ("purpose", _purposes())):
            if name in self.fields:
                label = self.fields[name].label
                self.fields[name] = forms.ChoiceField(label=label, choices=values)


def _kinds() -> list[tuple[str, str]]:
    return sorted({(question.kind, question.kind) for question in every_question()})


def _purposes() -> list[tuple[str, str]]:
    return sorted({(question.purpose, str(question.label)) for question in every_question()})


class StepSet(forms.BaseInlineFormSet):
    """At least one step."""

    def clean(self) -> None:
        """A policy without steps would approve everything."""
        super().clean()
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if not kept and not any(self.errors):
            raise ValidationError(_("A policy needs at least one step."))


class StepInline(admin.TabularInline):
    """Steps, one after the other."""

    model = PolicyStep
    formset = StepSet
    extra = 0
    min_num = 1


class DeciderForm(forms.ModelForm):
    """A decider; a right is chosen among those that there are."""

    class Meta:
        model = PolicyDecider
        fields = ("step", "kind", "person", "role", "group", "permission", "each")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = self.fields["permission"].label
        self.fields["permission"] = forms.ChoiceField(
            label=label, required=False, choices=[("", "---------"), *Permission.choices]
        )


class DeciderInline(admin.TabularInline):
    """Deciders; those with the same step stand side by side."""

    model = PolicyDecider
    form = DeciderForm
    extra = 1
    autocomplete_fields = ("person", "group")


@admin.register(Policy)
class PolicyAdmin(PortalAdmin):
    """Who decides what."""

    form = PolicyForm
    list_display = ("code", "name_zh", "name_en", "kind", "purpose", "grade", "risk", "newest", "active")
    list_filter = ("active", "kind", "purpose")
    search_fields = ("code", "name_zh", "name_en")
    inlines = (StepInline, DeciderInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        """With the number of the newest version, counted in the same query."""
        return super().get_queryset(request).annotate(newest_number=Max("versions__number"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is chosen once."""
        return ("code",) if obj else ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Publish what was saved as the next version."""
        super().save_related(request, form, formsets, change)
        publish(policy=form.instance, by=request.user, now=timezone.now())  # type: ignore[arg-type]  # signed in

    @admin.display(description=gettext_lazy("version"))
    def newest(self, policy: Policy) -> str:
        """The number of the newest version."""
        number = policy.newest_number  # type: ignore[attr-defined]  # annotated
        return f"v{number}" if number else "—"


@admin.register(PolicyVersion)
class PolicyVersionAdmin(RecordOnly, PortalAdmin):
    """What each policy said, and since when. To read only."""

    list_display = ("policy", "number", "made_by", "made_at")
    list_filter = ("policy",)
    list_select_related = ("policy", "made_by")
