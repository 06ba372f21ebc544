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

from accounts.administration.base import PortalAdmin, RecordOnly
from accounts.permissions import Permission
from approvals.models import Policy, PolicyDecider, PolicyStep, PolicyVersion
from approvals.policy.policies import publish
from approvals.policy.sound import choices_among, faults_of_case, faults_of_steps
from approvals.questions import every_question, label_of
from tickets.lifecycle import kind_of


class PolicyForm(forms.ModelForm):
    """A policy; kind, question, grade and risk are chosen among those that are declared."""

    class Meta:
        model = Policy
        fields = ("code", "name_zh", "name_en", "kind", "purpose", "grade", "risk", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("kind", _kinds())
        self._offer("purpose", _purposes())
        self._offer("grade", self._with_stored("grade", choices_among(every_question(), "grades")))
        self._offer("risk", self._with_stored("risk", choices_among(every_question(), "risks")))

    def _offer(self, name: str, choices: list[Any]) -> None:
        if name in self.fields:
            old = self.fields[name]
            self.fields[name] = forms.ChoiceField(
                label=old.label, required=old.required, help_text=old.help_text, choices=choices
            )

    def _with_stored(self, name: str, choices: list[Any]) -> list[Any]:
        """``choices`` and what is stored: what is no choice any more must not turn into "every one" unseen."""
        stored = getattr(self.instance, name)
        offered = {value for _label, group in choices[1:] for value, _name in group}
        return choices if stored in {"", *offered} else [*choices, (stored, stored)]

    def clean(self) -> dict[str, Any]:
        """One in use names a question, grade and risk that the kind has."""
        cleaned = super().clean() or {}
        if cleaned.get("active") and not self.errors:
            typed = Policy(**{name: cleaned[name] for name in ("kind", "purpose", "grade", "risk")})
            for fault in faults_of_case(typed):
                self.add_error(fault.field, fault.text)
        return cleaned


def _kinds() -> list[tuple[str, str]]:
    return sorted({(question.kind, str(kind_of(question.kind).label)) for question in every_question()})


def _names_of(name: str) -> dict[tuple[str, str, str], str]:
    """What each code of ``name`` (grades, risks) is called where a kind asks a question."""
    return {
        (question.kind, question.purpose, code): str(label)
        for question in every_question()
        for code, label in getattr(question, name)()
    }


def _purposes() -> list[tuple[str, str]]:
    return sorted({(question.purpose, str(question.label)) for question in every_question()})


def _kept(formset: forms.BaseInlineFormSet) -> list[Any]:
    """The forms of rows that stay or are added."""
    return [form for form in formset.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]


class StepSet(forms.BaseInlineFormSet):
    """At least one step. What is typed is left with the policy, for the deciders to be checked against."""

    def clean(self) -> None:
        """A policy without steps would approve everything."""
        super().clean()
        if any(self.errors):
            return
        self.instance.typed_steps = self  # for the deciders
        if not _kept(self):
            raise ValidationError(_("A policy needs at least one step."))


class DeciderSet(forms.BaseInlineFormSet):
    """Deciders, and whether each step can be decided by them."""

    def is_valid(self) -> bool:
        """Also whether the steps still stand, which are checked against the deciders."""
        steps = getattr(self.instance, "typed_steps", None)
        return super().is_valid() and (steps is None or steps.is_valid())

    def clean(self) -> None:
        """What is wrong stands beside its cause, in the row of a step or of a decider."""
        super().clean()
        steps = getattr(self.instance, "typed_steps", None)
        if any(self.errors) or steps is None or not self.instance.active:
            return
        rows = [*_kept(steps), *_kept(self)]
        typed = [[form.instance for form in _kept(formset)] for formset in (steps, self)]
        for fault in faults_of_steps(self.instance, *typed):
            for form in rows:
                if form.instance is fault.row:
                    form.add_error(fault.field, fault.text)


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
        fields = ("step", "kind", "person", "role", "group", "permission", "each", "otherwise")

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
    formset = DeciderSet
    extra = 1
    autocomplete_fields = ("person", "group")


class KindFilter(admin.SimpleListFilter):
    """Policies for one kind of ticket, offered by its name."""

    title = gettext_lazy("kind of ticket")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Kinds about which something is asked."""
        return _kinds()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those for the chosen one."""
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class PurposeFilter(KindFilter):
    """Policies for one question, offered by its label."""

    title = gettext_lazy("question")
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every question."""
        return _purposes()


@admin.register(Policy)
class PolicyAdmin(PortalAdmin):
    """Who decides what."""

    form = PolicyForm
    list_display = (
        *("code", "name_zh", "name_en", "kind_name", "question", "grade_name", "risk_name", "newest", "active"),
    )
    list_filter = ("active", KindFilter, PurposeFilter)
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

    @admin.display(description=gettext_lazy("kind of ticket"), ordering="kind")
    def kind_name(self, policy: Policy) -> str:
        """What such tickets are called."""
        return dict(_kinds()).get(policy.kind, policy.kind)

    @admin.display(description=gettext_lazy("question"), ordering="purpose")
    def question(self, policy: Policy) -> str:
        """What is asked."""
        return label_of(policy.kind, policy.purpose)

    @admin.display(description=gettext_lazy("grade"), ordering="grade")
    def grade_name(self, policy: Policy) -> str:
        """The grade, as people call it."""
        return self._name_of(policy, "grade")

    @admin.display(description=gettext_lazy("risk"), ordering="risk")
    def risk_name(self, policy: Policy) -> str:
        """The risk, as people call it."""
        return self._name_of(policy, "risk")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The page of the list; each of its policies is handed the names of grades and risks, read once."""
        page = super().get_changelist_instance(request)
        names = {name: _names_of(name) for name in ("grades", "risks")}
        for policy in page.result_list:
            policy.shown_names = names
        return page

    @staticmethod
    def _name_of(policy: Any, name: str) -> str:
        stored = getattr(policy, name)
        return policy.shown_names[f"{name}s"].get((policy.kind, policy.purpose, stored), stored) or "—"

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
