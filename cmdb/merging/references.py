"""Which rows follow an item that is merged into another, and which stay its history.

Every foreign key to an item is declared here or by the app that has it (``register_reference`` when it starts); a test
finds those that nobody declared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef

from cmdb.models import ConfigurationItem


@dataclass(frozen=True)
class Reference:
    """A column that names an item: ``app.Model.field``. ``follows``: its rows go along; ``text``: one, told."""

    label: str
    follows: bool = True
    text: Callable[[Any], str] = str

    @property
    def model(self) -> type[models.Model]:
        """The model whose column it is."""
        return apps.get_model(self.label.rpartition(".")[0])

    @property
    def field(self) -> str:
        """The column's name."""
        return self.label.rpartition(".")[2]


_references: dict[str, Reference] = {}


def register_reference(label: str, *, follows: bool = True, text: Callable[[Any], str] = str) -> None:
    """Declare that ``label`` names an item, and whether its rows go along when the item is merged or split."""
    _references[label] = Reference(label, follows, text)


def declared() -> dict[str, Reference]:
    """Every declared reference, by label."""
    return dict(_references)


def found_in_models(models_: Iterable[type[models.Model]]) -> set[str]:
    """Every foreign key to an item in ``models_``, as a label; those of links between many, too."""
    return {
        f"{model._meta.label}.{field.name}"
        for model in models_
        for field in model._meta.local_fields
        if field.remote_field and field.remote_field.model is ConfigurationItem
    }


for _own in (
    "cmdb.Sighting.item",
    "cmdb.Difference.item",
    "cmdb.AuditCheck.item",
    "cmdb.Handover.item",
):
    register_reference(_own)
for _history in (
    "cmdb.ItemVersion.item",
    "cmdb.RelationVersion.source",
    "cmdb.RelationVersion.target",
    "cmdb.Relation.source",  # ended, and recorded anew between the others
    "cmdb.Relation.target",
    "cmdb.UniqueValue.item",  # claimed anew by what is written
    "cmdb.Claim.item",
    "cmdb.IdentityChange.item",
    "cmdb.IdentityChange.other",
    "cmdb.ConfigurationItem.merged_into",
    "cmdb.Release.item",  # who sees an item was decided for this one
    "cmdb.SinglePoints.service",  # reckoned anew by the worker
    "cmdb.Confirmation.item",  # what was said of this one was confirmed
):
    register_reference(_history, follows=False)


def move(source: int, target: int, keep: Collection[str] | None = None) -> tuple[list[Any], list[Any]]:
    """Let rows that name ``source`` name ``target``; (moved: [label, key], dropped: [label, values]).

    ``keep``: only rows named so, as ``label:key``. A row that would stand twice is dropped, with its values kept.
    """
    moved: list[Any] = []
    dropped: list[Any] = []
    for label, reference in _references.items():
        if not reference.follows:
            continue
        manager, name = reference.model._base_manager, reference.field
        rows = manager.filter(**{name: source})
        if keep is not None:
            wanted = [text.rpartition(":")[2] for text in keep if text.rpartition(":")[0] == label]
            rows = rows.filter(pk__in=wanted)
        for others in _unique_with(reference.model, name):
            twice = manager.filter(**{name: target}, **{other: OuterRef(other) for other in others})
            standing = list(rows.filter(Exists(twice)))
            dropped += [[label, _values(row)] for row in standing]
            manager.filter(pk__in=[row.pk for row in standing]).delete()
        keys = list(rows.values_list("pk", flat=True))
        manager.filter(pk__in=keys).update(**{name: target})
        moved += [[label, key] for key in keys]
    return moved, dropped


def _unique_with(model: type[models.Model], name: str) -> Iterator[list[str]]:
    """The columns together with which ``name`` may occur once only."""
    sets = [list(names) for names in model._meta.unique_together]
    sets += [
        list(rule.fields)
        for rule in model._meta.constraints
        if isinstance(rule, models.UniqueConstraint) and rule.condition is None
    ]
    for names in sets:
        if name in names:
            yield [other for other in names if other != name]


def _values(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: field.value_to_string(row) if getattr(row, field.attname) is not None else None
        for field in row._meta.concrete_fields
    }


def move_back(moved: Iterable[Any], dropped: Iterable[Any], source: int, target: int) -> None:
    """What still names ``source`` names ``target`` again; what was dropped stands again."""
    keys: dict[str, list[Any]] = {}
    for label, key in moved:
        keys.setdefault(label, []).append(key)
    for label, pks in keys.items():
        reference = _references[label]
        rows = reference.model._base_manager.filter(pk__in=pks, **{reference.field: source})
        rows.update(**{reference.field: target})
    for label, values in dropped:
        model = _references[label].model
        fields = {field.attname: field for field in model._meta.concrete_fields}
        given = {name: fields[name].to_python(value) for name, value in values.items() if name in fields}
        if not model._base_manager.filter(pk=given[model._meta.pk.attname]).exists():
            model._base_manager.create(**given)


#: So many rows of one kind are offered one by one.
OFFERED = 200


def rows_of(item: int) -> dict[str, list[tuple[str, str]]]:
    """What follows the item, by kind: (``label:key``, text) of each row; what a split chooses from."""
    found: dict[str, list[tuple[str, str]]] = {}
    for label, reference in _references.items():
        if reference.follows:
            rows = reference.model._base_manager.filter(**{reference.field: item}).order_by("pk")[:OFFERED]
            told = [(f"{label}:{row.pk}", reference.text(row)) for row in rows]
            if told:
                found.setdefault(str(reference.model._meta.verbose_name_plural), []).extend(told)
    return found


def counts_of(item: int) -> dict[str, int]:
    """How much follows the item, by kind."""
    found: dict[str, int] = {}
    for reference in _references.values():
        if reference.follows:
            count = reference.model._base_manager.filter(**{reference.field: item}).count()
            name = str(reference.model._meta.verbose_name_plural)
            found[name] = found.get(name, 0) + count
    return {name: count for name, count in found.items() if count}
