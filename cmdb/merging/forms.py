"""Choosing per field, when two items are merged or one is split: both sides beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from cmdb.definitions import Definitions
from cmdb.forms import GroundForm
from cmdb.inputs import read_identifier
from cmdb.merging.references import rows_of
from cmdb.merging.services import facts_of
from cmdb.models import ConfigurationItem
from cmdb.models.items import COLUMNS
from cmdb.pages import relations_of
from cmdb.values import is_empty, unlike
from cmdb.versioning.history import Names
from cmdb.versioning.moments import NOW
from itsm.web.widgets import PlainChoiceField

MINE, THEIRS = "mine", "theirs"
STAYS, GOES, BOTH = "stays", "goes", "both"


class NowForm(GroundForm):
    """On what ground something is written that is so from now on."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        del self.fields["since"]

    def stamp(self, user: User) -> Any:
        """The ground, from now on."""
        self.cleaned_data["since"] = None
        return super().stamp(user)


class _Sides(NowForm):
    """What both forms share: fields of items in the order of the class, with the words people read."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.known = Definitions()
        self.names = Names(self.known)
        self.lines: list[dict[str, Any]] = []

    def ordered(self, *items: ConfigurationItem) -> list[str]:
        """The fields that one of ``items`` has, but what is worked out."""
        filled = {name for item in items for name, value in facts_of(item).items() if not is_empty(value)}
        attributes: dict[str, Any] = {}
        for item in items:
            attributes |= self.known.of(item.ci_class_id, retired=True)
        rest = sorted(filled - {*COLUMNS, *attributes})
        order = [*COLUMNS, *attributes, *rest]
        return [name for name in order if name in filled and not getattr(attributes.get(name), "formula", "")]

    def ground(self) -> Iterator[Any]:
        """The fields of the ground."""
        return (self[name] for name in ("change", "correction", "reason") if name in self.fields)


class MergeForm(_Sides):
    """Which value of each field holds; those that are the same are only shown."""

    def __init__(
        self, *args: Any, user: User, item: ConfigurationItem, other: ConfigurationItem, **kwargs: Any
    ) -> None:
        super().__init__(*args, user=user, **kwargs)
        mine, theirs = facts_of(item), facts_of(other)
        for name in self.ordered(item, other):
            line = {
                "label": self.known.label(name),
                "mine": self.names.shown(name, mine.get(name), item.ci_class_id),
                "theirs": self.names.shown(name, theirs.get(name), other.ci_class_id),
            }
            if unlike(mine.get(name), theirs.get(name)) and name != "status_id":
                empty = is_empty(mine.get(name))
                self.fields[f"f.{name}"] = PlainChoiceField(
                    label=line["label"],
                    choices=[(MINE, item.identifier), (THEIRS, other.identifier)],
                    initial=THEIRS if empty else MINE,
                    required=False,
                )
                line |= {"name": f"f.{name}", "chosen": self._chosen(f"f.{name}", THEIRS if empty else MINE)}
            self.lines.append(line)

    def _chosen(self, name: str, initial: str) -> str:
        return str(self.data.get(name) or initial) if self.is_bound else initial

    def taken(self) -> list[str]:
        """The fields of which the other's value holds."""
        return [line["name"].removeprefix("f.") for line in self.lines if line.get("chosen") == THEIRS]


class SplitForm(_Sides):
    """A new item of a part: what stays, what goes, what both have."""

    identifier = forms.CharField(label=gettext_lazy("Identifier of the new item"), max_length=100)
    name = forms.CharField(label=gettext_lazy("Name of the new item"), max_length=200)
    relations = forms.MultipleChoiceField(label=gettext_lazy("Relations"), required=False)
    rows = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, user: User, item: ConfigurationItem, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.item = item
        facts = facts_of(item)
        unique = {code for code, row in self.known.of(item.ci_class_id).items() if row.unique}
        offered = [("stays", _("stays")), ("goes", _("goes")), ("both", _("both have it"))]
        for name in self.ordered(item):
            if name in ("name", "ci_class_id", "status_id"):
                continue
            choices = [pair for pair in offered if not (pair[0] == BOTH and name in unique)]
            initial = STAYS if name in unique else BOTH
            self.fields[f"f.{name}"] = PlainChoiceField(
                label=self.known.label(name), choices=choices, initial=initial, required=False
            )
            value = self.names.shown(name, facts[name], item.ci_class_id)
            chosen = str(self.data.get(f"f.{name}") or initial) if self.is_bound else initial
            line = {"name": f"f.{name}", "label": self.known.label(name), "value": value}
            self.lines.append({**line, "choices": choices, "chosen": chosen})
        self.kin = relations_of(item.pk, user, NOW)
        held = [(str(row["relation"].pk), row["item"].identifier) for kin in self.kin for row in kin.rows]
        self.fields["relations"].choices = held  # type: ignore[attr-defined]
        self.following = rows_of(item.pk)
        every = [pair for pairs in self.following.values() for pair in pairs]
        self.fields["rows"].choices = every  # type: ignore[attr-defined]

    def clean_identifier(self) -> str:
        """One that can be read, as everywhere."""
        try:
            return read_identifier(self.cleaned_data["identifier"])
        except ValidationError as error:
            raise ValidationError(error.messages) from error

    def parts(self) -> dict[str, Any]:
        """What ``split`` takes."""
        said, facts = self.cleaned_data, facts_of(self.item)
        chosen = {line["name"].removeprefix("f."): line["chosen"] for line in self.lines}
        given = {name: facts[name] for name in ("ci_class_id", "status_id")} | {"name": said["name"]}
        given |= {name: facts[name] for name, where in chosen.items() if where in (GOES, BOTH)}
        return {
            "identifier": said["identifier"],
            "kept": {name: None for name, where in chosen.items() if where == GOES},
            "given": given,
            "relations": [int(key) for key in said["relations"]],
            "rows": said["rows"],
        }
