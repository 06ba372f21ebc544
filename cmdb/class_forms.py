"""Forms of the model: classes, attributes, types of relations; what a change would mean is said before it is made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmdb.defining.changes import (
    attribute_consequences,
    class_consequences,
    newly_unique,
    shared_values,
    twice_in_branch,
)
from cmdb.defining.formulas import Formula, FormulaError
from cmdb.defining.keeping import Overtaken, check_read, newest_of
from cmdb.defining.preview import Preview
from cmdb.defining.relation_types import Allowed, type_consequences
from cmdb.definitions import Definitions
from cmdb.models import Attribute, CIClass, Kind, RelationType
from cmdb.values import Known, read


class DefinitionForm(forms.ModelForm):
    """Something of the model; its code is chosen once. ``read``: the version that the page showed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            return
        del self.fields["code"]
        newest = newest_of(self.instance)
        if newest is not None:
            shown = forms.IntegerField(required=False, widget=forms.HiddenInput, initial=newest.pk)
            self.fields["read"] = shown

    def check_read(self) -> None:
        """Raises Overtaken, once: whoever is told has read what stands there now."""
        if "read" not in self.fields:
            return
        read = self.cleaned_data.get("read")
        try:
            check_read(self.instance, read)
        except Overtaken:
            sent: Any = self.data
            self.data = sent.copy()
            self.data[self.add_prefix("read")] = newest_of(self.instance).pk  # type: ignore[index]  # as was posted
            raise

    def consequences(self) -> list[str]:
        """What the change would mean for what is recorded, in sentences."""
        raise NotImplementedError

    def preview(self) -> Preview:
        """The change that was typed, with what would follow."""
        typed = {name: self[name].data for name in self.changed_data if name != "read"}
        return Preview(self.consequences(), typed)


class CodedForm(DefinitionForm):
    """As above; what is new has a code of letters and digits."""

    code_help: ClassVar[Any] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "code" in self.fields:
            self.fields["code"].validators.append(forms.SlugField().validators[0])
            self.fields["code"].help_text = self.code_help


class ControlField(forms.MultipleChoiceField):
    """Attributes and types of relations, by code."""

    widget = forms.SelectMultiple({"data-select": "", "data-placeholder": gettext_lazy("Choose, or type to find")})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def offer(self, attributes: Iterable[Attribute], types: Iterable[RelationType]) -> None:
        """Let one choose among these."""
        rows = [(row.code, row.name) for row in attributes if not row.formula]
        self.choices = [*rows, *((row.code, _("relation “%(name)s”") % {"name": row.name}) for row in types)]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whatever the order."""
        return {*(initial or ())} != {*(data or ())}


class ClassForm(CodedForm):
    """A class: names, the class above, the plan."""

    code_help = gettext_lazy("It names the class for life.")

    class Meta:
        model = CIClass
        fields: ClassVar[list[str]] = [
            "code",
            "name_zh",
            "name_en",
            "parent",
            "plan",
            "confirm_days",
            "controls",
            "observes",
            "position",
            "active",
        ]
        widgets: ClassVar[dict[str, Any]] = {"plan": forms.Textarea({"rows": 3})}

    controls = ControlField(
        label=gettext_lazy("Controlled here"),
        help_text=gettext_lazy("For this class and those below, whatever is said elsewhere."),
    )
    observes = ControlField(
        label=gettext_lazy("Observed here"), help_text=gettext_lazy("Discovery writes it, also of items in use.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Definitions()
        attributes = known.of(self.instance.pk) if self.instance.pk else known.everywhere()
        for name in ("controls", "observes"):
            field: Any = self.fields[name]
            field.offer(attributes.values(), RelationType.objects.active())

    def clean(self) -> dict[str, Any]:
        """Nothing is both."""
        cleaned = super().clean() or {}
        if both := {*cleaned.get("controls", ())} & {*cleaned.get("observes", ())}:
            label = dict(self.fields["observes"].choices)  # type: ignore[attr-defined]
            said = _("“%(name)s” is controlled or observed, not both.") % {"name": label[min(both)]}
            self.add_error("observes", said)
        return cleaned

    def clean_parent(self) -> Any:
        """No class stands above itself, however many are between; no branch has two attributes of one code."""
        parent = self.cleaned_data["parent"]
        if not (parent and self.instance.pk):
            return parent
        known = Definitions()
        if self.instance.pk in known.above(parent.pk):
            raise ValidationError(_("This class stands below “%(name)s”.") % {"name": self.instance.name})
        if twice := twice_in_branch(known, self.instance.pk, parent.pk):
            names = {"code": twice[0].code, "here": twice[0].ci_class, "there": twice[1].ci_class}
            said = _("“%(here)s” and “%(there)s” both have an attribute “%(code)s”; it would be one of two.")
            raise ValidationError(said % names)
        return parent

    def _post_clean(self) -> None:
        """What items of the class have in common cannot become unique; it is asked of the class as it would be."""
        super()._post_clean()  # type: ignore[misc]  # Django's hook for what needs the whole instance
        if not self.errors and self.instance.pk and "parent" in self.changed_data:
            for text in filter(None, (shared_values(row, self.instance.pk) for row in newly_unique(self.instance))):
                self.add_error("parent", text)

    def consequences(self) -> list[str]:
        """What the change would mean for items that exist, in sentences."""
        return class_consequences(self.instance, set(self.changed_data)) if self.instance.pk else []


class RelationTypeForm(CodedForm):
    """A type of relations: names in both directions, which end feels a failure, allowed classes, how many."""

    code_help = gettext_lazy("It names the type for life.")

    class Meta:
        model = RelationType
        fields: ClassVar[list[str]] = [
            *("code", "name_zh", "name_en", "inverse_zh", "inverse_en", "affects", "source_classes", "target_classes"),
            *("max_targets", "max_sources", "controlled", "sure_for_days", "position", "active"),
        ]
        widgets: ClassVar[dict[str, Any]] = {
            "source_classes": forms.CheckboxSelectMultiple,
            "target_classes": forms.CheckboxSelectMultiple,
        }

    def allowed(self) -> Allowed:
        """The classes that were chosen, by end."""
        return {end: list(self.cleaned_data[f"{end}_classes"]) for end in ("source", "target")}

    def consequences(self) -> list[str]:
        """What the change would mean for relations that hold, in sentences."""
        return type_consequences(self.instance, self.allowed(), set(self.changed_data))


class AttributeForm(DefinitionForm):
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
        self._check_default(cleaned)
        code = cleaned.get("code")
        if code and code in _reserved():
            self.add_error("code", _("This name is taken by every item."))
        if code and not self.instance.pk and self._taken(code):
            self.add_error("code", _("A class above or below has an attribute of this code."))
        return cleaned

    def clean_pattern(self) -> str:
        """A regular expression that can be read."""
        pattern: str = self.cleaned_data["pattern"]
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValidationError(_("This is no regular expression: %(why)s") % {"why": error}) from error
        return pattern

    def _check_default(self, cleaned: dict[str, Any]) -> None:
        """The default is a value as anybody may type it."""
        if self.errors.keys() & {"kind", "choices", "pattern", "default"} or not cleaned.get("default"):
            return
        names = ("kind", "unit", "choices", "pattern")
        try:
            read(Attribute(**{name: cleaned[name] for name in names}), cleaned["default"], Known.all())
        except ValidationError as error:
            self.add_error("default", error)

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

    def _post_clean(self) -> None:
        """What several items have cannot become unique; it is asked of the attribute as it would be."""
        super()._post_clean()  # type: ignore[misc]  # Django's hook for what needs the whole instance
        row, named = self.instance, {"unique", "active", "formula"} & set(self.changed_data)
        if self.errors or not (named and row.unique and row.active):
            return
        if shared := shared_values(row, row.ci_class_id):
            self.add_error("unique", shared)

    def consequences(self) -> list[str]:
        """What the change would mean for items that exist, in sentences."""
        return attribute_consequences(self.instance, set(self.changed_data))


def _reserved() -> set[str]:
    return {"name", "ci_class", "status", "business_system", "organisation", "default_group", "identifier"}
