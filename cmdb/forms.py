"""Forms of items, made from the class: a new attribute stands in them at once, without a restart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, SupportGroup, User
from cmdb.authority import IN_USE, Stamp, may_correct
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader, read_identifier
from cmdb.life import IN_STOCK, PLANNED
from cmdb.models import Attribute, BusinessSystem, CIStatus, ConfigurationItem, Kind, RelationType
from cmdb.models.classes import Group
from cmdb.relating import Link
from cmdb.values import choice_name, written
from cmdb.writing import differing

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
            stored = self._now(attribute.code)
            self.fields[attribute.code] = field_of(attribute, stored if item else attribute.default, stored)
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
        self.fields["name"] = TextField(label=_("Name"), max_length=200, initial=item.name if item else "")
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
            initial = str(getattr(chosen, key)) if chosen else ""
            choices = offered([(str(getattr(row, key)), row.name) for row in rows], initial, chosen and chosen.name)
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
        """Read what was typed as every door does; of an item only what was changed: the rest stays."""
        cleaned = super().clean() or {}
        typed = self.fields if self.item is None else self._changed()
        names = [name for name in (*NAMES, *self.attributes) if name in typed and name not in self.errors]
        given = {name: cleaned.get(name) for name in names}
        if self.item is None:
            given["ci_class"] = self.class_code
            self._check_identifier(cleaned)
        facts, errors = Reader(definitions=self.definitions).facts(
            given, class_code=self.class_code, complete=self.item is None
        )
        for name, texts in errors.items():
            self.add_error(name if name in self.fields else None, texts)
        cleaned["facts"] = differing(self.item, facts) if self.item else facts
        return cleaned

    def _changed(self) -> list[str]:
        """The fields that say something else than they were shown with; what was not sent was not asked."""
        return [
            name
            for name in self.changed_data
            if not self.fields[name].widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))
        ]

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


class TextField(forms.CharField):
    """A text as it is stored. One of several lines has as many here: browsers join them in a field of one."""

    def __init__(self, *, initial: str = "", kind: str = "text", **kwargs: Any) -> None:
        widget = forms.Textarea({"rows": 3}) if "\n" in initial else forms.TextInput({"type": kind})
        super().__init__(initial=initial, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        """With the line breaks that are stored, not those that browsers send."""
        return re.sub(r"\r\n?", "\n", super().to_python(value) or "")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another text was typed."""
        return super().has_changed(self.to_python(initial), data)


def offered(choices: Iterable[tuple[str, Any]], stored: str, name: Any = "") -> list[tuple[str, Any]]:
    """``choices``, none, and what is ``stored`` (called ``name``) even when it is offered no more: saving keeps it."""
    found = [*EMPTY, *choices]
    if stored and stored not in (code for code, _name in found):
        found.append((stored, gettext("%(name)s (no longer offered)") % {"name": name or stored}))
    return found


def field_of(attribute: Attribute, value: str, stored: str = "") -> forms.Field:
    """The field in which an attribute is typed. ``stored``: what an item says now; whatever it is, it can stay."""
    label = f"{attribute.name} ({attribute.unit})" if attribute.unit else attribute.name
    common: dict[str, Any] = {"label": label, "required": attribute.required, "initial": value}
    match attribute.kind:
        case Kind.YES_NO:
            choices = offered([("true", _("Yes")), ("false", _("No"))], stored)
        case Kind.CHOICE:
            choices = offered([(row["code"], choice_name(row)) for row in attribute.choices], stored)
        case Kind.PERSON:
            people = [(person.username, person.display_name) for person in User.objects.active()]
            choices = offered(people, stored, _named(stored, people, User.objects.filter(username=stored)))
            common["widget"] = forms.Select({"data-select": ""})
        case Kind.ORGANISATION:
            rows = [(row.code, row.name) for row in Organisation.objects.filter(active=True)]
            choices = offered(rows, stored, _named(stored, rows, Organisation.objects.filter(code=stored)))
        case _:
            return TextField(max_length=400, kind=_kind_of_input(attribute, stored), **common)
    return forms.ChoiceField(choices=choices, **common)


def _named(stored: str, choices: list[tuple[str, Any]], rows: Any) -> str:
    """What the stored one is called that is not among ``choices``; asked only then."""
    found = rows.first() if stored and stored not in dict(choices) else None
    return str(getattr(found, "display_name", None) or found.name) if found else ""


def _kind_of_input(attribute: Attribute, stored: str) -> str:
    """A field for dates shows nothing else: what is stored and is none stands in a field for texts."""
    if attribute.kind == Kind.DATE:
        return "date" if not stored or re.fullmatch(r"\d{4}-\d{2}-\d{2}", stored) else "text"
    return "url" if attribute.kind == Kind.URL else "text"


class LinkForm(forms.Form):
    """A relation of an item: read from it, or the other way round."""

    relation = forms.ChoiceField(label=_("Relation"))
    other = forms.CharField(label=_("Other item"), max_length=100, help_text=_("Its identifier."))
    group = forms.CharField(
        label=_("Redundancy group"),
        max_length=40,
        required=False,
        help_text=_("Items of one group stand in for one another."),
    )
    needed = forms.IntegerField(label=_("Needed of the group"), min_value=1, max_value=1000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.types = {row.code: row for row in RelationType.objects.active()}
        forward = [(f"{code}:out", row.name) for code, row in self.types.items()]
        backward = [(f"{code}:in", row.inverse) for code, row in self.types.items()]
        self.fields["relation"].choices = [*forward, *backward]  # type: ignore[attr-defined]

    def link(self, item: ConfigurationItem, user: User) -> Link | None:
        """What was said of ``item``; None with the reason in the form: another that ``user`` cannot see."""
        if not self.is_valid():
            return None
        said = self.cleaned_data
        other = ConfigurationItem.objects.visible_to(user).filter(identifier=said["other"].strip()).first()
        if other is None:
            self.add_error("other", _("There is no such item."))
            return None
        code, _sign, direction = said["relation"].partition(":")
        ends = (item, other) if direction == "out" else (other, item)
        return Link(ends[0], self.types[code], ends[1], said["group"].strip(), said["needed"] or 1)


class RelationForm(LinkForm, GroundForm):
    """A new relation of an item, with its ground."""

    field_order = ("relation", "other", "group", "needed", "change", "correction", "reason", "since")


class LifeForm(GroundForm):
    """The ground of a step in an item's life."""
