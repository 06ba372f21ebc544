"""Input of prepared edits: read as every door to the configuration database reads it, before it is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from changes.plan.forms import AlwaysOfSubstance
from changes.prepared.models import PreparedEdit
from cmdb.definitions import Definitions, column_labels
from cmdb.inputs import NAMES, Reader, read_identifier
from cmdb.models import CIClass, CIStatus, ConfigurationItem, Relation, RelationType
from cmdb.relating import Rules
from tickets.forms import CodeChoiceField, RemoteSelect

#: Columns that an edit may set; the class of an item stays.
COLUMNS = tuple(name for name in NAMES if name != "ci_class")


class ItemField(CodeChoiceField):
    """A configuration item, found while typing, named by its identifier."""

    def __init__(self, **kwargs: Any) -> None:
        rows = ConfigurationItem.objects.none()
        super().__init__(rows, key="identifier", widget=RemoteSelect("tickets:find_items"), **kwargs)


class PrepareForm(AlwaysOfSubstance):
    """Whatever an edit asks: items are those that the person sees."""

    unlogged = frozenset({"facts", "let_approvals_fall"})

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """An edit starts empty."""
        return {}

    def limit_choices(self) -> None:
        """Items that the person sees."""
        if self.user is not None:
            seen = ConfigurationItem.objects.visible_to(self.user)
            for name in {"item", "other"} & self.fields.keys():
                self.fields[name].queryset = seen  # type: ignore[attr-defined]


class PrepareValueForm(PrepareForm):
    """Another value of an attribute or a property."""

    item = ItemField(label=_("Configuration item"))
    attribute = forms.ChoiceField(label=_("Attribute"), widget=forms.Select({"data-select": ""}))
    value = forms.CharField(
        label=_("New value"), max_length=400, required=False, help_text=_("Empty: it is taken away. Codes, not names.")
    )
    field_order = ("item", "attribute", "value", "let_approvals_fall")

    def limit_choices(self) -> None:
        """Attributes of any class; whether the item has it is said once both are chosen."""
        super().limit_choices()
        attributes = sorted((row.name, code) for code, row in Definitions().everywhere().items())
        labels = column_labels()
        choices = [(name, labels[NAMES[name]]) for name in COLUMNS]
        field: Any = self.fields["attribute"]
        field.choices = [*choices, *((code, name) for name, code in attributes)]

    def clean(self) -> dict[str, Any]:
        """The value fits the attribute, and the item's class has it."""
        cleaned = super().clean() or {}
        item, name = cleaned.get("item"), cleaned.get("attribute")
        if item is None or not name:
            return cleaned
        facts, errors = Reader().facts({name: cleaned.get("value")}, class_code=item.ci_class_id, complete=False)
        for texts in errors.values():
            self.add_error("value", texts)
        cleaned["facts"] = facts
        return cleaned


class PrepareItemForm(PrepareForm):
    """An item that comes with the change."""

    identifier = forms.CharField(label=_("Identifier"), max_length=100)
    ci_class = CodeChoiceField(CIClass.objects.filter(active=True), label=_("Class"))
    name = forms.CharField(label=_("Name"), max_length=200)
    status = CodeChoiceField(CIStatus.objects.active(), label=_("Status"))
    field_order = ("identifier", "ci_class", "name", "status", "let_approvals_fall")

    def clean_identifier(self) -> str:
        """Free, and not prepared twice."""
        text = read_identifier(self.cleaned_data["identifier"])
        taken = ConfigurationItem.objects.filter(identifier=text).exists()
        if taken or PreparedEdit.objects.filter(change=self.ticket.pk, kind="item", identifier=text).exists():
            raise ValidationError(gettext("This identifier is taken."))
        return text


class PrepareRelationForm(PrepareForm):
    """A relation that begins or ends with the change."""

    item = ItemField(label=_("Configuration item"))
    relation_type = CodeChoiceField(RelationType.objects.active(), label=_("Relation"), empty_label=None)
    other = ItemField(label=_("Other item"))
    ends = forms.BooleanField(label=_("It ends"), required=False)
    field_order = ("item", "relation_type", "other", "ends", "let_approvals_fall")

    def clean(self) -> dict[str, Any]:
        """What ends stands, what begins may be."""
        cleaned = super().clean() or {}
        item, kind, other = (cleaned.get(name) for name in ("item", "relation_type", "other"))
        if item is None or kind is None or other is None:
            return cleaned
        if cleaned["ends"]:
            standing = Relation.objects.filter(source=item, relation_type=kind, target=other, active=True)
            if not standing.exists():
                self.add_error("ends", gettext("There is no such relation."))
        elif reason := Rules(Definitions()).refusal(kind.pk, item, other):
            self.add_error("relation_type", reason)
        return cleaned


class DropEditForm(AlwaysOfSubstance):
    """The edit to take out."""

    edit = forms.ModelChoiceField(
        PreparedEdit.objects.none(), label=_("Prepared edit"), to_field_name="position", empty_label=None
    )

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Nothing is chosen."""
        return {}

    def limit_choices(self) -> None:
        """Edits of this change."""
        rows = PreparedEdit.objects.filter(change=self.ticket.pk).select_related("item", "other", "relation_type")
        self.fields["edit"].queryset = rows  # type: ignore[attr-defined]
