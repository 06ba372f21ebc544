"""Input of prepared edits: read as every door to the configuration database reads it, before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from changes.plan.forms import AlwaysOfSubstance
from changes.prepared.models import PreparedEdit
from changes.prepared.queries import brought_by
from changes.prepared.reading import clashes_in, meant_by
from cmdb.definitions import Definitions, column_labels
from cmdb.inputs import NAMES, Reader, read_identifier
from cmdb.life import step_refusal
from cmdb.models import CIClass, CIStatus, ConfigurationItem, Relation, RelationType
from cmdb.relation_rules import Rules
from tickets.forms import CodeChoiceField, RemoteSelect

#: Columns that an edit may set.
COLUMNS = tuple(NAMES)


def class_after(edits: QuerySet[PreparedEdit], item: ConfigurationItem) -> str:
    """The code of the class that ``item`` has once ``edits`` are written: the one prepared last, else its own."""
    own = edits.filter(item=item) if item.pk else edits.filter(identifier=item.identifier)
    last = own.filter(given__has_key="ci_class").order_by("-position").first()
    return str(last.given["ci_class"] if last else item.ci_class_id)


class ItemField(CodeChoiceField):
    """A configuration item, found while typing, named by its identifier; also one that the change brings.

    That is no row yet: what comes of it has no key.
    """

    def __init__(self, **kwargs: Any) -> None:
        rows = ConfigurationItem.objects.none()
        super().__init__(rows, key="identifier", widget=RemoteSelect("tickets:find_items"), **kwargs)
        self.brought: Mapping[str, ConfigurationItem] = {}

    def offer(self, seen: QuerySet[ConfigurationItem], brought: Mapping[str, ConfigurationItem]) -> None:
        """Take one of ``seen``, or of those that are ``brought``, which nobody finds while typing."""
        self.queryset, self.brought = seen, brought
        self.widget.also = [(key, f"{key} {item.name}") for key, item in brought.items()]

    def to_python(self, value: Any) -> ConfigurationItem | None:
        """The row, or the item to come."""
        return self.brought.get(value) or super().to_python(value)


def choices_of(known: Definitions, code: str) -> list[tuple[str, str]]:
    """What an edit may set of an item of a class, by code and name; what is worked out is set by nobody."""
    labels = column_labels()
    own = ((name, row.name) for name, row in known.of(code).items() if not row.formula)
    return [*((name, str(labels[NAMES[name]])) for name in COLUMNS), *own]


def every_choice(known: Definitions) -> list[tuple[str, str]]:
    """What an edit may set of whatever item."""
    labels = column_labels()
    attributes = sorted((row.name, code) for code, row in known.everywhere().items())
    return [*((name, str(labels[NAMES[name]])) for name in COLUMNS), *((code, name) for name, code in attributes)]


def _not_of(known: Definitions, code: str) -> str:
    said = gettext("Items of the class “%(class)s” have no such attribute, or it is worked out.")
    return said % {"class": known.classes[code].name if code in known.classes else code}


class AttributeSelect(forms.Select):
    """An attribute of the item in the form's field ``item``, found at ``data-url``; only what is chosen is drawn."""

    def __init__(self) -> None:
        none = _("Choose the configuration item first")
        super().__init__(attrs={"data-select": "", "data-with": "item", "data-none": none})

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        """Draw the chosen one."""
        self.choices = [("", "—"), *(pair for pair in self.choices if pair[0] in value)]
        return super().optgroups(name, value, attrs)


class PrepareForm(AlwaysOfSubstance):
    """Whatever an edit asks: items are those that the person sees."""

    unlogged = frozenset({"facts", "standing", "let_approvals_fall"})

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """An edit starts empty."""
        return {}

    def limit_choices(self) -> None:
        """Items that the person sees, and those that the change brings."""
        if self.user is not None:
            seen, brought = ConfigurationItem.objects.visible_to(self.user), brought_by(self.ticket.pk)
            for field in self.fields.values():
                if isinstance(field, ItemField):
                    field.offer(seen, brought)


class PrepareValueForm(PrepareForm):
    """Another value of an attribute or a property; another class, whose attributes it has from then on."""

    from_address = frozenset({"item"})
    item = ItemField(label=_("Configuration item"))
    attribute = forms.ChoiceField(label=_("Attribute"), widget=AttributeSelect)
    value = forms.CharField(
        label=_("New value"), max_length=400, required=False, help_text=_("Empty: it is taken away. Codes, not names.")
    )
    field_order = ("item", "attribute", "value", "let_approvals_fall")

    def limit_choices(self) -> None:
        """Attributes of any class are known; those of the item's are found once it is chosen."""
        super().limit_choices()
        field: Any = self.fields["attribute"]
        if self.ticket.number:
            field.widget.attrs["data-url"] = reverse("changes:find_attributes", args=[self.ticket.number])
        field.choices = every_choice(Definitions())

    def clean(self) -> dict[str, Any]:
        """The item's class has the attribute, the value fits it, and no other item has what one alone may have."""
        cleaned = super().clean() or {}
        item, name = cleaned.get("item"), cleaned.get("attribute")
        if item is None or not name:
            return cleaned
        reader = Reader()
        edits = PreparedEdit.objects.filter(change=self.ticket.pk, applied_at=None)
        code = class_after(edits, item)
        if name not in dict(choices_of(reader.definitions, code)):
            self.add_error("attribute", _not_of(reader.definitions, code))
            return cleaned
        facts, errors = reader.facts({name: cleaned.get("value")}, class_code=code, complete=False)
        for texts in errors.values():
            self.add_error("value", texts)
        if item.pk and (no := step_refusal(item, facts.get("status_id"))):
            self.add_error("value", no)
        if not self.errors:
            self._check_around(item, name, facts, edits, reader)
        cleaned["facts"] = facts
        return cleaned

    def _check_around(
        self, item: ConfigurationItem, name: str, facts: dict[str, Any], edits: QuerySet[PreparedEdit], reader: Reader
    ) -> None:
        """What else the change prepares and other items have: relations of another class, values that one may have."""
        also = {"item": item} if item.pk else {"identifier": item.identifier}
        edit = PreparedEdit(kind=PreparedEdit.Kind.VALUE, given={name: self.cleaned_data["value"]}, **also)
        meant = meant_by([*edits.select_related("item"), edit], reader)
        for clash in clashes_in(meant, reader.definitions):
            if item.identifier in clash.items and name in (clash.field, "ci_class"):
                self.add_error("value", str(clash))
        if item.pk and "ci_class_id" in facts:
            self._check_relations(item, facts["ci_class_id"], Rules(reader.definitions))

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
        standing = standing_between(item, kind, other)
        said = (cleaned.get("group") or "", cleaned.get("needed") or 1)
        cleaned["standing"] = standing
        if cleaned["ends"]:
            if standing is None:
                self.add_error("ends", gettext("There is no such relation."))
        elif standing is not None and said == (standing.group, standing.needed):
            self.add_error("other", gettext("This relation stands already."))
        elif reason := Rules(Definitions()).refusal(kind.pk, item, other):
            self.add_error("other" if other.identifier == item.identifier else "relation_type", reason)
        if not self.errors and (twice := self._prepared(item, kind, other)):
            said_before = gettext("This relation is prepared already, as number %(number)d; take that out first.")
            self.add_error("other", said_before % {"number": twice.position})
        return cleaned

    def _prepared(self, item: ConfigurationItem, kind: RelationType, other: ConfigurationItem) -> PreparedEdit | None:
        """What the change prepares of this relation already and was not written yet."""
        waiting = PreparedEdit.objects.filter(change=self.ticket.pk, relation_type=kind, applied_at=None)
        ends = (item.identifier, other.identifier)
        rows = waiting.select_related("item", "other")
        return next((row for row in rows if (row.subject, row.partner) == ends), None)


def standing_between(item: ConfigurationItem, kind: RelationType, other: ConfigurationItem) -> Relation | None:
    """The relation of this type that stands between two; None also where one of them is no row yet."""
    if not (item.pk and other.pk):
        return None
    return Relation.objects.filter(source=item, relation_type=kind, target=other, active=True).first()


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

    def clean_edit(self) -> PreparedEdit:
        """A new item goes once nothing else is prepared of it."""
        edit: PreparedEdit = self.cleaned_data["edit"]
        if edit.kind == PreparedEdit.Kind.ITEM:
            named = Q(identifier=edit.identifier) | Q(other_identifier=edit.identifier)
            others = PreparedEdit.objects.filter(named, change=self.ticket.pk).exclude(pk=edit.pk)
            if numbers := [str(number) for number in others.values_list("position", flat=True)]:
                said = gettext("Take out first what is prepared of it: %(numbers)s.")
                raise ValidationError(said % {"numbers": ", ".join(numbers)})
        return edit
