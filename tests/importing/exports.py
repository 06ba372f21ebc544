"""Makes small exports as ServiceNow and a Chinese help desk write them, and reads back what was imported."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from accounts.models import SupportGroup, User
from incidents.models import Incident
from tickets.models import AffectedItem, Category, ExternalReference, NumberCounter, TimelineEntry

#: The real log lies beside the repository; tests that need all of it are skipped without it.
LOG = settings.BASE_DIR.parent / "shared" / "data" / "incident_event_log.csv.gz"

#: An update as the log has them. Tests say what differs.
UPDATE = {
    "number": "INC0000001",
    "incident_state": "New",
    "active": "true",
    "reassignment_count": "0",
    "reopen_count": "0",
    "sys_mod_count": "0",
    "made_sla": "true",
    "caller_id": "Caller 1",
    "opened_by": "Opened by  8",
    "opened_at": "29/2/2016 01:16",
    "sys_created_by": "Created by 6",
    "sys_created_at": "29/2/2016 01:23",
    "sys_updated_by": "Updated by 21",
    "sys_updated_at": "29/2/2016 01:23",
    "contact_type": "Phone",
    "location": "Location 143",
    "category": "Category 55",
    "subcategory": "Subcategory 170",
    "u_symptom": "Symptom 72",
    "cmdb_ci": "?",
    "impact": "2 - Medium",
    "urgency": "2 - Medium",
    "priority": "3 - Moderate",
    "assignment_group": "Group 56",
    "assigned_to": "?",
    "knowledge": "true",
    "u_priority_confirmation": "false",
    "notify": "Do Not Notify",
    "problem_id": "?",
    "rfc": "?",
    "vendor": "?",
    "caused_by": "?",
    "closed_code": "code 5",
    "resolved_by": "Resolved by 149",
    "resolved_at": "29/2/2016 11:29",
    "closed_at": "5/3/2016 12:00",
}


def update(**changed: str) -> dict[str, str]:
    """A row of the log."""
    return UPDATE | changed


def life(number: str = "INC0000001", *states: str, **changed: str) -> list[dict[str, str]]:
    """The rows of an incident that goes through ``states``, an update an hour."""
    return [
        update(
            number=number,
            incident_state=state,
            sys_mod_count=str(count),
            sys_updated_at=f"29/2/2016 {count + 2:02d}:00",
            **changed,
        )
        for count, state in enumerate(states or ("New", "Active", "Resolved", "Closed"))
    ]


def many_lives(count: int) -> list[dict[str, str]]:
    """The rows of ``count`` incidents of a few days, people and groups."""
    return [
        row
        for number in range(count)
        for row in life(
            f"INC{number:07d}",
            opened_at=f"{number % 9 + 1}/2/2016 01:16",
            caller_id=f"Caller {number % 50}",
            assignment_group=f"Group {number % 7}",
            category=f"Category {number % 5}",
            problem_id=f"Problem ID {number % 11}",
        )
    ]


def as_csv(rows: Iterable[dict[str, str]], delimiter: str = ",") -> str:
    """The rows with a header."""
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_export(path: Path, rows: Iterable[dict[str, str]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """Write the rows as CSV to ``path``, packed when its name ends with .gz."""
    content = as_csv(rows, delimiter).encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def run_import(path: Path, mapping: str = "servicenow", **options: Any) -> str:
    """Run the command; return what it prints."""
    out = io.StringIO()
    call_command("import_history", str(path), mapping=mapping, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def snapshot() -> dict[str, list[Any]]:
    """Everything that was imported, without the ids that the database gives."""
    incidents = Incident.objects.exclude(external_number="").order_by("external_number")
    entries = TimelineEntry.objects.order_by("ticket__external_number", "id")
    references = ExternalReference.objects.order_by("ticket__external_number", "kind", "reference")
    return {
        "incidents": list(incidents.values_list(*_columns(Incident))),
        "entries": list(entries.values_list("ticket__number", "actor__username", *_columns(TimelineEntry))),
        "references": list(references.values_list("ticket__number", *_columns(ExternalReference))),
        "items": list(AffectedItem.objects.values_list("ticket__number", "item__identifier").order_by("ticket_id")),
        "people": list(User.objects.order_by("username").values_list("username", "full_name", "organisation__code")),
        "groups": list(SupportGroup.objects.order_by("code").values_list("code", "tier", "active")),
        "categories": list(Category.objects.order_by("code").values_list("code", "path_zh", "parent__code")),
        "counters": list(NumberCounter.objects.order_by("prefix", "day").values_list("prefix", "day", "last")),
    }


#: How the rows that a column points at are told apart.
NATURAL_KEYS = {
    "organisation": "organisation__code",
    "group": "group__code",
    "category": "category__code",
    "requester": "requester__username",
    "registered_by": "registered_by__username",
    "assignee": "assignee__username",
    "resolved_by": "resolved_by__username",
}


def _columns(model: Any) -> list[str]:
    skipped = {"id", "ticket_ptr", "ticket", "actor"}
    names = [field.name for field in model._meta.concrete_fields if field.name not in skipped]
    return [NATURAL_KEYS.get(name, name) for name in names]
