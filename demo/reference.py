"""Loading the shipped code tables (``data/reference.yaml``) as editable data (ADM-01)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from django.db import models, transaction

from accounts.models import Role
from changes.models import ChangeDomain, ChangeType
from changes.shipped import load_changes
from cmdb.models import BusinessSystem, BusinessSystemClass, CIStatus
from cmdb.shipped import load_classes
from incidents.models import EmergencyTask
from problems.models import ProblemCategory, ProblemLevel, ProblemSource, Term
from sla.models import ContractPhase
from sla.shipped import load_service_levels
from tasks.codes import TaskKind
from tickets import clock
from tickets.models import (
    Category,
    CloseCode,
    FileKind,
    ImpactLevel,
    Nature,
    Priority,
    RejectReason,
    RequestType,
    Satisfaction,
    Source,
    Urgency,
    WaitReason,
)

DATA = Path(__file__).parent / "data"

#: Sections of the file in the order of loading, so that what others refer to comes first.
TABLES: dict[str, type[models.Model]] = {
    "roles": Role,
    "priorities": Priority,
    "impact_levels": ImpactLevel,
    "urgencies": Urgency,
    "sources": Source,
    "natures": Nature,
    "close_codes": CloseCode,
    "satisfactions": Satisfaction,
    "wait_reasons": WaitReason,
    "reject_reasons": RejectReason,
    "request_types": RequestType,
    "task_kinds": TaskKind,
    "emergency_tasks": EmergencyTask,
    "ci_statuses": CIStatus,
    "business_system_classes": BusinessSystemClass,
    "business_systems": BusinessSystem,
    "problem_sources": ProblemSource,
    "problem_categories": ProblemCategory,
    "problem_levels": ProblemLevel,
    "change_types": ChangeType,
    "change_domains": ChangeDomain,
    "contract_phases": ContractPhase,
    "file_kinds": FileKind,
}

#: Names in the file that differ from the columns.
COLUMNS = {
    "zh": "name_zh",
    "en": "name_en",
    "class": "system_class_id",
    "priority": "priority_id",
    "selectable_on_resolve": "on_resolve",
}


def read_reference() -> dict[str, Any]:
    """The shipped file."""
    return yaml.safe_load((DATA / "reference.yaml").read_text(encoding="utf-8"))


@transaction.atomic
def load_reference() -> int:
    """Add the rows of the shipped tables that are missing; return how many.

    Rows that exist are left as they are: they belong to the administrators. Policies that exist are published anew
    when promises are shipped that they never had.
    """
    data = read_reference()
    added = sum(_load_table(model, data[name]) for name, model in TABLES.items())
    return (
        added
        + load_classes(data)
        + _load_categories(data)
        + load_service_levels(data, at=clock.now())
        + load_changes(data, at=clock.now())
        + _load_terms()
    )


def _load_terms() -> int:
    """The shipped glossary, once: what was taken out of it afterwards stays out."""
    if Term.objects.exists():
        return 0
    pairs = yaml.safe_load((DATA / "terms.yaml").read_text(encoding="utf-8"))
    return len(Term.objects.bulk_create(Term(zh=str(zh), en=str(en)) for zh, en in pairs))


def _load_table(model: type[models.Model], rows: list[dict[str, Any]]) -> int:
    known = {field.attname for field in model._meta.concrete_fields}
    new = [model(**{"position": number * 10, **_columns(row, known)}) for number, row in enumerate(rows, start=1)]
    before = model._default_manager.count()
    model._default_manager.bulk_create(new, ignore_conflicts=True)
    return model._default_manager.count() - before


def _columns(row: dict[str, Any], known: set[str]) -> dict[str, Any]:
    named = {COLUMNS.get(key, key): value for key, value in row.items()}
    return {key: "" if value is None else value for key, value in named.items() if key in known}


def _load_categories(data: dict[str, Any]) -> int:
    existing = set(Category.objects.values_list("code", flat=True))
    added = 0
    for position, (node, parent_code) in enumerate(_walk(data, data["categories"], None), start=1):
        if node["code"] in existing:
            continue
        category = Category(
            code=node["code"],
            name_zh=node["zh"],
            name_en=node["en"],
            parent=Category.objects.filter(code=parent_code).first(),
            position=position,
        )
        category.set_path()
        category.save()
        added += 1
    return added


def _walk(
    data: dict[str, Any], nodes: list[dict[str, Any]], parent: str | None
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Every node of the tree with its parent's code, parents first."""
    for node in nodes:
        yield node, parent
        children = node.get("children") or []
        if children == "business_systems":
            children = [
                {"code": f"{node['code']}-{system['code']}", "zh": system["zh"], "en": system["en"]}
                for system in data["business_systems"]
            ]
        yield from _walk(data, children, node["code"])
