"""Loading the shipped classes, attributes and relation types; rows that exist are left alone (ADM-01)."""

from __future__ import annotations

from typing import Any

from cmdb.definitions import Definitions
from cmdb.models import (
    Attribute,
    AttributeVersion,
    BusinessSystem,
    BusinessSystemVersion,
    CIClass,
    CIClassVersion,
    ConfigurationItem,
    DefinitionVersion,
    RelationType,
    RelationTypeVersion,
    UniqueValue,
)
from cmdb.versioning.versions import BATCH
from cmdb.writing import unique_values


def load_classes(data: dict[str, Any]) -> int:
    """Add the classes, attributes and relation types of the file that are missing; return how many."""
    made = _add_classes(data["ci_classes"])
    added = _add_attributes(data)
    types = [
        RelationType(
            code=row["code"],
            name_zh=row["zh"],
            name_en=row["en"],
            inverse_zh=row["inverse_zh"],
            inverse_en=row["inverse_en"],
            affects=row["affects"],
            position=10 * number,
        )
        for number, row in enumerate(data["ci_relation_types"], start=1)
    ]
    before = RelationType.objects.count()
    RelationType.objects.bulk_create(types, ignore_conflicts=True)
    keep_first_definitions()
    if added:
        _claim_unique()
    return made + added + RelationType.objects.count() - before


#: What is loaded in bulk, with what keeps its definitions, and how these name it.
_KEPT: tuple[tuple[Any, type[DefinitionVersion], str], ...] = (
    (CIClass, CIClassVersion, "ci_class"),
    (RelationType, RelationTypeVersion, "relation_type"),
    (BusinessSystem, BusinessSystemVersion, "system"),
)


def keep_first_definitions() -> None:
    """Keep how classes, types of relations and systems are defined of which that is not kept yet."""
    for model, versions, name in _KEPT:
        rows = model.objects.filter(versions=None)
        versions._default_manager.bulk_create(versions(definition=row.definition(), **{name: row}) for row in rows)


def _add_classes(rows: list[dict[str, Any]]) -> int:
    new = [
        CIClass(
            code=row["code"], name_zh=row["zh"], name_en=row["en"], parent_id=row.get("parent"), position=10 * number
        )
        for number, row in enumerate(rows, start=1)
    ]
    before = CIClass.objects.count()
    CIClass.objects.bulk_create(new, ignore_conflicts=True)
    return CIClass.objects.count() - before


def _add_attributes(data: dict[str, Any]) -> int:
    definitions = {row["code"]: (number, row) for number, row in enumerate(data["ci_attributes"], start=1)}
    wanted: list[tuple[str | None, str]] = [
        (None, code) for code, (_n, row) in definitions.items() if row.get("common")
    ]
    wanted += [(row["code"], code) for row in data["ci_classes"] for code in row["attributes"]]
    existing = set(Attribute.objects.values_list("ci_class_id", "code"))
    new = [_attribute(owner, *definitions[code]) for owner, code in wanted if (owner, code) not in existing]
    made = Attribute.objects.bulk_create(new)
    AttributeVersion.objects.bulk_create(AttributeVersion(attribute=row, definition=row.definition()) for row in made)
    return len(made)


def _attribute(owner: str | None, number: int, row: dict[str, Any]) -> Attribute:
    names = ("kind", "group", "unit", "choices", "required", "unique", "controlled")
    said = {name: row[name] for name in names if name in row}
    texts = {"name_zh": row["zh"], "name_en": row["en"], "position": 10 * number}
    return Attribute(ci_class_id=owner, code=row["code"], **texts, **said)


def _claim_unique() -> None:
    """Items that were there before their attributes became unique; the first to have a value keeps it."""
    items = list(ConfigurationItem.objects.order_by("pk"))
    rows = unique_values(items, Definitions())
    UniqueValue.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
