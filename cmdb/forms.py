"""Forms of items, made from the class: a new attribute stands in them at once, without a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, SupportGroup, User
from cmdb.authority import IN_USE, Stamp, may_correct
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader, read_identifier
from cmdb.life import IN_STOCK, PLANNED
from cmdb.models import Attribute, BusinessSystem, CIStatus, ConfigurationItem, Kind, RelationType
from cmdb.models.classes import Group
from cmdb.values import choice_name, written

EMPTY = [("", "—")]
BEGINS = (PLANNED, IN_STOCK, "in_use")


class GroundForm(forms.Form):
    """On what ground something is written: an approved change, or a correction with its reason."""

    change = forms.CharField(label=_("Approved change"), max_length=60, required=False)
    correction = forms.BooleanField(
        label=_("Correct the record"),
        required=False,
        help_text=_("Reality is as written here; only the record was wrong."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False, widget=forms.Textarea({"rows": 2}))
    since = forms.DateTimeField(
        label=_("So since"),
        required=False,
        help_text=_("Empty: from now on. Earlier, when it was so before it is written here."),
        widget=forms.DateTimeInput({"type": "datetime-local"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_correct(user):
            del self.fields["correction"]

    def clean_since(self) -> Any:
        """Not in the future: what is planned is prepared in a change."""
        since = self.cleaned_data["since"]
        if since and since > timezone.now():
            raise ValidationError(_("This lies in the future; prepare it in a change."))
        return since

    def stamp(self, user: User) -> Stamp:
        """What was said, as the ground of a write."""
        said = self.cleaned_data
        return Stamp(
            by=user,
            change=said["change"].strip(),
            correction=said.get("correction", False),
            reason=said["reason"].strip(),
            since=said["since"],
        )


class ItemForm(GroundForm):
    """An item of one class. ``item`` is None for a new one."""

    def __init__(
        self, *args: Any, user: User, class_code: str, item: ConfigurationItem | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.definitions = Definitions()
        self.item, self.class_code = item, class_code
        self.attributes = {code: row for code, row in self.definitions.of(class_code).items() if not row.formula}
        ground = {name: self.fields.pop(name) for name in list(self.fields)}
        self._add_columns()
        for attribute in self.attributes.values():
            self.fields[attribute.code] = field_of(attribute, self._now(attribute.code) if item else attribute.default)
        self.ground_names = list(ground) if item else ["since"]
        self.fields.update({name: field for name, field in ground.items() if name in self.ground_names})
        self.fields["seen"] = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def _now(self, name: str) -> str:
        return written(self.item.attributes.get(name)) if self.item else ""

    def _add_columns(self) -> None:
        item = self.item
        if item is None:
            self.fields["identifier"] = forms.CharField(
                label=_("Identifier"), max_length=100, help_text=_("It stays for the whole life of the item.")
            )
        self.fields["name"] = forms.CharField(label=_("Name"), max_length=200, initial=item.name if item else "")
        if item is None:
            begins = [(row.pk, row.name) for row in CIStatus.objects.active().filter(pk__in=BEGINS)]
            self.fields["status"] = forms.ChoiceField(label=_("Status"), choices=begins, initial=PLANNED)
        tables: dict[str, tuple[Any, Any, Any]] = {
            "business_system": (_("Business system"), BusinessSystem.objects.active(), "pk"),
            "organisation": (_("Organisation"), Organisation.objects.filter(active=True), "code"),
            "default_group": (_("Group"), SupportGroup.objects.filter(active=True), "code"),
        }
        for name, (label, rows, key) in tables.items():
            chosen = getattr(item, name, None) if item else None
            choices = EMPTY + [(str(getattr(row, key)), row.name) for row in rows]
            initial = str(getattr(chosen, key)) if chosen else ""
            self.fields[name] = forms.ChoiceField(label=label, choices=choices, required=False, initial=initial)
        self.fields["organisation"].help_text = _("Empty: shared by all customers.")

    def groups(self) -> Iterator[tuple[str, list[BoundField]]]:
        """Headings with their fields."""
        columns = [name for name in ("identifier", *NAMES) if name in self.fields]
        yield str(_("Item")), [self[name] for name in columns]
        for group in Group:
            names = [code for code, row in self.attributes.items() if row.group == group]
            if names:
                yield str(group.label), [self[name] for name in names]

    def ground(self) -> list[BoundField]:
        """The fields of the ground."""
        return [self[name] for name in self.ground_names]

    @property
    def needs_ground(self) -> bool:
        """Whether what is controlled needs a change or a correction."""
        return self.item is not None and self.item.status_id in IN_USE

    def clean(self) -> dict[str, Any]:
        """Read everything as every door does."""
        cleaned = super().clean() or {}
        names = [*NAMES, *self.attributes]
        given = {name: cleaned.get(name) for name in names if name in self.fields and name not in self.errors}
        if self.item is None:
            given["ci_class"] = self.class_code
            self._check_identifier(cleaned)
        facts, errors = Reader(definitions=self.definitions).facts(
            given, class_code=self.class_code, complete=self.item is None
        )
        for name, texts in errors.items():
            self.add_error(name if name in self.fields else None, texts)
        cleaned["facts"] = facts
        return cleaned

    def _check_identifier(self, cleaned: dict[str, Any]) -> None:
        try:
            cleaned["identifier"] = read_identifier(cleaned.get("identifier"))
        except ValidationError as error:
            self.add_error("identifier", error)

    def stamp(self, user: User) -> Stamp:
        """Of a new item there is only since when it is so."""
        if self.item is None:
            return Stamp(by=user, since=self.cleaned_data["since"])
        return super().stamp(user)


def field_of(attribute: Attribute, value: str) -> forms.Field:
    """The field in which an attribute is typed."""
    label = f"{attribute.name} ({attribute.unit})" if attribute.unit else attribute.name
    common: dict[str, Any] = {"label": label, "required": attribute.required, "initial": value}
    if attribute.kind == Kind.YES_NO:
        choices: Any = [*EMPTY, ("true", _("Yes")), ("false", _("No"))]
        return forms.ChoiceField(choices=choices, **common)
    if attribute.kind == Kind.CHOICE:
        offered = [(choice["code"], choice_name(choice)) for choice in attribute.choices]
        return forms.ChoiceField(choices=[*EMPTY, *offered], **common)
    if attribute.kind == Kind.PERSON:
        people = [(person.username, person.display_name) for person in User.objects.active()]
        return forms.ChoiceField(choices=[*EMPTY, *people], widget=forms.Select({"data-select": ""}), **common)
    if attribute.kind == Kind.ORGANISATION:
        rows = [(row.code, row.name) for row in Organisation.objects.filter(active=True)]
        return forms.ChoiceField(choices=[*EMPTY, *rows], **common)
    kinds = {Kind.DATE: "date", Kind.URL: "url"}
    widget = forms.TextInput({"type": kinds.get(Kind(attribute.kind), "text")})
    return forms.CharField(max_length=400, widget=widget, **common)


class RelationForm(GroundForm):
    """A new relation of an item: read from it, or the other way round."""

    relation = forms.ChoiceField(label=_("Relation"))
    other = forms.CharField(label=_("Other item"), max_length=100, help_text=_("Its identifier."))
    group = forms.CharField(
        label=_("Redundancy group"),
        max_length=40,
        required=False,
        help_text=_("Items of one group stand in for one another."),
    )
    needed = forms.IntegerField(label=_("Needed of the group"), min_value=1, max_value=1000, required=False)
    field_order = ("relation", "other", "group", "needed", "change", "correction", "reason", "since")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.types = {row.code: row for row in RelationType.objects.active()}
        forward = [(f"{code}:out", row.name) for code, row in self.types.items()]
        backward = [(f"{code}:in", row.inverse) for code, row in self.types.items()]
        self.fields["relation"].choices = [*forward, *backward]  # type: ignore[attr-defined]


class LifeForm(GroundForm):
    """The ground of a step in an item's life."""
