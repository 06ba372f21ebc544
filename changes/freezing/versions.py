"""What freeze and maintenance windows said, and since when: each save adds a version; none is changed (CHG-05)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from changes.schedule.freeze_models import (
    FreezeRule,
    FreezeVersion,
    MaintenanceVersion,
    MaintenanceWindow,
    WindowVersion,
)

Window = FreezeRule | MaintenanceWindow
#: What a version keeps of each; the code of a freeze and the system of a maintenance window never change.
COLUMNS: dict[type[Window], tuple[str, ...]] = {
    FreezeRule: (
        *("name_zh", "name_en", "kind", "min_days", "days_before", "begins_at", "closes_at"),
        *("starts_at", "ends_at", "zone", "active"),
    ),
    MaintenanceWindow: ("business_system_id", "weekday", "begins_at", "minutes", "zone", "active"),
}


def as_content(row: Window) -> dict[str, Any]:
    """What ``row`` says, as JSON keeps it: moments and times of day in ISO 8601."""
    return {name: _plain(getattr(row, name)) for name in COLUMNS[type(row)]}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (datetime, date, time)) else value


def columns_of(model: type[Window], content: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the columns that ``content`` keeps."""
    return {name: _value(model, name, value) for name, value in content.items()}


def _value(model: type[Window], name: str, value: Any) -> Any:
    found: Any = model._meta.get_field(name)
    return found.target_field.to_python(value) if found.is_relation else found.to_python(value)


@transaction.atomic
def record(row: Window, *, by: User | None, reason: str, now: datetime) -> WindowVersion | None:
    """Keep what ``row`` says from ``now`` on; None when it says what it said. Idempotent."""
    model = type(row)
    model._default_manager.select_for_update().get(pk=row.pk)
    row.refresh_from_db()
    newest, content = row.versions.first(), as_content(row)
    if newest is not None and newest.content == content:
        return None
    number = newest.number + 1 if newest else 1
    made = {"number": number, "content": content, "reason": reason, "made_by": by, "made_at": now}
    return row.versions.create(**made)


def _newest(model: type[WindowVersion], at: datetime) -> QuerySet[Any]:
    """The version of each window that was the newest at ``at``."""
    return model._default_manager.filter(made_at__lte=at).order_by("rule_id", "-number").distinct("rule_id")


def freezes_known(at: datetime) -> list[FreezeRule]:
    """The freeze windows in use as they were known at ``at``: rows that are only read."""
    found = [
        FreezeRule(pk=one.rule_id, code=one.rule.code, **columns_of(FreezeRule, one.content))
        for one in _newest(FreezeVersion, at).select_related("rule")
    ]
    return sorted((rule for rule in found if rule.active), key=lambda rule: rule.code)


def maintenance_known(at: datetime) -> list[MaintenanceWindow]:
    """The maintenance windows in use as they were known at ``at``: rows that are only read."""
    rows = _newest(MaintenanceVersion, at)
    found = [MaintenanceWindow(pk=one.rule_id, **columns_of(MaintenanceWindow, one.content)) for one in rows]
    in_use = (window for window in found if window.active)
    return sorted(in_use, key=lambda one: (str(one.business_system_id), one.weekday, one.begins_at))


def recorded_since() -> datetime | None:
    """The moment from which on it is known what freeze windows said; None while there are none."""
    return FreezeVersion.objects.order_by("made_at").values_list("made_at", flat=True).first()
