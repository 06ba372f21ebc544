"""Forms of the model itself: classes and their attributes; what a change would mean is said before it is made."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmdb.defining.changes import attribute_consequences, class_consequences
from cmdb.defining.formulas import Formula, FormulaError
from cmdb.definitions import Definitions
from cmdb.models import Attribute, CIClass, Kind


class ClassForm(forms.ModelForm):
    """A class: names, the class above, the plan."""

    class Meta:
        model = CIClass
        fields: ClassVar[list[str]] = [
            "code",
            "name_zh",
            "name_en",
            "parent",
            "plan",
            "confirm_days",
            "position",
            "active",
        ]
        widgets: ClassVar[dict[str, Any]] = {"plan": forms.Textarea({"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["code"]
        else:
            self.fields["code"].validators.append(forms.SlugField().validators[0])
            self.fields["code"].help_text = _("It names the class for life.")

    def clean_parent(self) -> Any:
        """No class stands above itself, however many are between."""
        parent = self.cleaned_data["parent"]
        if parent and self.instance.pk and self.instance.pk in Definitions().above(parent.pk):
            raise ValidationError(_("This class stands below “%(name)s”.") % {"name": self.instance.name})
        return parent

    def consequences(self) -> list[str]:
        """What the change would mean for items that exist, in sentences."""
        return class_consequences(self.instance, set(self.changed_data)) if self.instance.pk else []


class AttributeForm(forms.ModelForm):
    """An attribute of a class. Choices are typed one a line: ``code | 中文 | English``."""

    choices = forms.CharField(
        label=gettext_lazy("Choices"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=gettext_lazy("One a line: code | Chinese | English"),
    )

    class Meta:
        model = Attribute
        fields: ClassVar[list[str]] = [
            *("code", "name_zh", "name_en", "kind", "unit", "choices", "group", "required", "unique", "controlled"),
            *("default", "pattern", "formula", "position", "active"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = self.instance.choices or []
        self.initial["choices"] = "\n".join(f"{row['code']} | {row['zh']} | {row['en']}" for row in rows)
        if self.instance.pk:
            del self.fields["code"]

    def clean_choices(self) -> list[dict[str, str]]:
        """Each line a code and its two names; a name may be left out."""
        found = []
        for line in self.cleaned_data["choices"].splitlines():
            parts = [part.strip() for part in line.replace("｜", "|").split("|")]
            if parts[0]:
                zh = parts[1] if len(parts) > 1 and parts[1] else parts[0]
                found.append({"code": parts[0], "zh": zh, "en": parts[2] if len(parts) > 2 and parts[2] else zh})
        return found

    def clean(self) -> dict[str, Any]:
        """Choices where they are needed; a code that no other class of the branch uses otherwise."""
        cleaned = super().clean() or {}
        if cleaned.get("kind") == Kind.CHOICE and not cleaned.get("choices"):
            self.add_error("choices", _("This is needed."))
        code = cleaned.get("code")
        if code and code in _reserved():
            self.add_error("code", _("This name is taken by every item."))
        if code and not self.instance.pk and self._taken(code):
            self.add_error("code", _("A class above or below has an attribute of this code."))
        return cleaned

    def _taken(self, code: str) -> bool:
        known = Definitions()
        owner = self.instance.ci_class_id
        branch = {*known.above(owner), *known.below(owner), None} if owner else {None, *known.classes}
        return any(row.code == code and row.ci_class_id in branch for row in known.attributes)

    def clean_formula(self) -> str:
        """A formula over attributes that the class has and that are not computed themselves."""
        text: str = self.cleaned_data["formula"].strip()
        if not text:
            return ""
        try:
            formula = Formula(text)
        except FormulaError as error:
            raise ValidationError(str(error)) from error
        known = Definitions()
        owner = self.instance.ci_class_id
        rows = known.of(owner).values() if owner else [row for row in known.attributes if row.ci_class_id is None]
        offered = {row.code for row in rows if row.active and not row.formula} - {self.instance.code}
        if missing := sorted(formula.names - offered):
            raise ValidationError(_("The class has no attribute “%(name)s”.") % {"name": missing[0][:60]})
        return text

    def consequences(self) -> list[str]:
        """What the change would mean for items that exist, in sentences."""
        return attribute_consequences(self.instance, set(self.changed_data))


def _reserved() -> set[str]:
    return {"name", "ci_class", "status", "business_system", "organisation", "default_group", "identifier"}
