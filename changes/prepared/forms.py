"""Input of prepared edits: read as every door to the configuration database reads it, before it is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from changes.plan.forms import AlwaysOfSubstance
from changes.prepared.models import PreparedEdit
from cmdb.definitions import Definitions, column_labels
from cmdb.inputs import NAMES, Reader, read_identifier
from cmdb.models import CIClass, CIStatus, ConfigurationItem, Relation, RelationType
from cmdb.relating import Rules
from tickets.forms import CodeChoiceField, RemoteSelect

#: Columns that an edit may set.
COLUMNS = tuple(NAMES)


def class_after(edits: QuerySet[PreparedEdit], item: ConfigurationItem) -> str:
    """The code of the class that ``item`` has once ``edits`` are written: the one prepared last, else its own."""
    last = edits.filter(item=item, given__has_key="ci_class").order_by("-position").first()
    return str(last.given["ci_class"] if last else item.ci_class_id)


class ItemField(CodeChoiceField):
    """A configuration item, found while typing, named by its identifier."""

    def __init__(self, **kwargs: Any) -> None:
        rows = ConfigurationItem.objects.none()
        super().__init__(rows, key="identifier", widget=RemoteSelect("tickets:find_items"), **kwargs)


class PrepareForm(AlwaysOfSubstance):
    """Whatever an edit asks: items are those that the person sees."""

    unlogged = frozenset({"facts", "standing", "let_approvals_fall"})

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
    """Another value of an attribute or a property; another class, whose attributes it has from then on."""

    from_address = frozenset({"item"})
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
        reader = Reader()
        given = {name: cleaned.get("value")}
        code = class_after(PreparedEdit.objects.filter(change=self.ticket.pk), item)
        facts, errors = reader.facts(given, class_code=code, complete=False)
        for texts in errors.values():
            self.add_error("value", texts)
        if "ci_class_id" in facts and not errors:
            self._check_relations(item, facts["ci_class_id"], Rules(reader.definitions))
        cleaned["facts"] = facts
        return cleaned

    def _check_relations(self, item: ConfigurationItem, code: str, rules: Rules) -> None:
        """What it is related to may be related to the other class, too."""
        rows = Relation.objects.filter(Q(source=item) | Q(target=item), active=True).select_related("source", "target")
        for row in rows:
            ends = (row.source, row.target)
            for end in ends:
                end.ci_class_id = code if end.pk == item.pk else end.ci_class_id
            if reason := rules.refusal(row.relation_type_id, *ends):
                self.add_error("value", reason)
                return


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
    group = forms.CharField(
        label=_("Redundancy group"),
        max_length=40,
        required=False,
        help_text=_("Items of one group stand in for one another."),
    )
    needed = forms.IntegerField(label=_("Needed of the group"), min_value=1, max_value=1000, required=False)
    ends = forms.BooleanField(label=_("It ends"), required=False)
    field_order = ("item", "relation_type", "other", "group", "needed", "ends", "let_approvals_fall")

    def clean(self) -> dict[str, Any]:
        """What ends stands, what begins may be."""
        cleaned = super().clean() or {}
        item, kind, other = (cleaned.get(name) for name in ("item", "relation_type", "other"))
        if item is None or kind is None or other is None:
            return cleaned
        standing = Relation.objects.filter(source=item, relation_type=kind, target=other, active=True).first()
        said = (cleaned.get("group") or "", cleaned.get("needed") or 1)
        cleaned["standing"] = standing
        if cleaned["ends"]:
            if standing is None:
                self.add_error("ends", gettext("There is no such relation."))
        elif standing is not None and said == (standing.group, standing.needed):
            self.add_error("other", gettext("This relation stands already."))
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
