"""Input of a template and its steps, for administration, page and API alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, User
from accounts.permissions import Permission
from changes.catalogue.templates import PAIRED, STEP_COLUMNS, publish, refuse_own
from changes.models import ChangeTemplate, TemplateStep
from changes.reading import refuse_unread
from tickets.forms import CodeChoiceField

#: A template has at most so many steps.
MOST_STEPS = 100


class StepsFormSet(forms.BaseInlineFormSet):
    """The steps of a template; together they are not longer than it."""

    def clean(self) -> None:
        """Refuse what would not fit into the window of an order."""
        super().clean()
        if any(self.errors):
            return
        typed = [form.cleaned_data for form in self.forms if form.cleaned_data]
        total = sum(row.get("minutes") or 0 for row in typed if not row.get("DELETE"))
        if total > (self.instance.minutes or 0):
            said = gettext("The steps take %(total)s minutes together, the template says %(minutes)s.")
            raise forms.ValidationError(said % {"total": total, "minutes": self.instance.minutes})


#: What is edited of a template beside its steps.
EDITED = (
    *("name_zh", "name_en"),
    *PAIRED,
    *("group", "minutes", "needs_subject", "approved", "failures", "last_uses", "active"),
)
PARTS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("What it is"), ("name_zh", "name_en", "summary_zh", "summary_en", "content_zh", "content_en")),
    (_("How"), ("plan_zh", "plan_en", "back_out_zh", "back_out_en", "effect_zh", "effect_en")),
    (_("How it is ordered"), ("group", "minutes", "needs_subject", "approved", "failures", "last_uses", "active")),
)


class TemplateForm(forms.ModelForm):
    """A template without its steps."""

    class Meta:
        model = ChangeTemplate
        fields = ("code", *EDITED)
        widgets = {name: forms.Textarea({"rows": 2}) for name in PAIRED if not name.startswith("summary")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.was_approved = self.instance.approved
        if self.instance.pk:
            del self.fields["code"]  # chosen once
        self.fields["group"] = CodeChoiceField(
            SupportGroup.objects.filter(active=True), label=_("Implemented by"), required=False
        )

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The form as the page shows it: titled parts with their fields."""
        parts = [{"title": title, "fields": [self[name] for name in names]} for title, names in PARTS]
        if "code" in self.fields:
            parts[0]["fields"].insert(0, self["code"])
        return parts


Steps: Any = forms.inlineformset_factory(
    ChangeTemplate,
    TemplateStep,
    formset=StepsFormSet,
    fields=("position", *STEP_COLUMNS),
    extra=2,
    max_num=MOST_STEPS,
    validate_max=True,
)


def steps_of(template: ChangeTemplate, rows: list[dict[str, Any]]) -> Any:
    """The bound formset in which ``rows`` take the place of all steps of ``template``, in their order."""
    data: dict[str, Any] = {"steps-TOTAL_FORMS": len(rows), "steps-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        data |= {f"steps-{number}-{name}": value for name, value in {"position": number + 1, **row}.items()}
    return Steps(data, instance=template, queryset=TemplateStep.objects.none())


@transaction.atomic
def save_template(
    form: TemplateForm, steps: Any, *, by: User, now: datetime, replaces: bool = False, read: int | None = None
) -> None:
    """Store the valid ``form`` and ``steps`` (None: they stay) and publish them as the next version.

    ``replaces``: whether ``steps`` are all there are; ``read``: number of the version that the person read. Who is
    pre-approved again starts anew. Raises ActionConflict when another version stands, or for who approves an own one.
    """
    if form.instance.pk:
        ChangeTemplate.objects.select_for_update().get(pk=form.instance.pk)
        refuse_unread(form.instance.versions.select_related("made_by").first(), read)
    if form.instance.approved and not form.was_approved:
        form.instance.approved_at = now
    template = form.save()
    if steps is not None:
        if replaces:
            template.steps.all().delete()
        steps.instance = template
        steps.save()
    written = publish(template=ChangeTemplate.objects.get(pk=template.pk), by=by, now=now)  # anew: steps may be cached
    if written is None and template.approved and not form.was_approved:
        refuse_own(template, by)
    template.refresh_from_db(fields=["approved"])


def may_edit(user: User) -> bool:
    """Change managers, administrators."""
    return user.may(Permission.CHANGE_MANAGE) or user.may(Permission.ADMIN)
