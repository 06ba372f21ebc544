"""Calendars, policies and notice rules as the portal ships them. What exists belongs to the administrators.

Policies that exist are given the promises that were not shipped before (``sla.promises.upgrading``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sla.calendars.holidays import announced_years, with_chinese_days
from sla.calendars.publishing import Content, publish
from sla.calendars.spans import parse_hours
from sla.models import Calendar, ClosingRule, EscalationRule, FaultLevel, NoticeRule, Policy
from sla.promises.policies import Draft, Promise, publish_policy
from sla.promises.upgrading import add_new_promises
from tickets.models import Priority


def load_service_levels(data: dict[str, Any], *, at: datetime) -> int:
    """Add what ``data`` (sections of the reference file) describes and is missing; return how many rows."""
    return sum(
        [
            *(_load_calendar(row, position, at) for position, row in enumerate(data["calendars"], 1)),
            _load_fault_levels(data["fault_levels"]),
            *(_load_policy(row, position, at) for position, row in enumerate(data["policies"], 1)),
            _load_notice_rules(data["notice_rules"]),
            _load_escalation_rules(data["escalation_rules"]),
            *(_load_closing_rule(row) for row in data["closing_rules"]),
        ]
    )


def _load_calendar(row: dict[str, Any], position: int, at: datetime) -> int:
    calendar, created = Calendar.objects.get_or_create(
        code=row["code"], defaults={"name_zh": row["zh"], "name_en": row["en"], "position": position * 10}
    )
    if calendar.current_id is None:
        publish(calendar, _content(row), by=None, at=at)
    return int(created)


def _content(row: dict[str, Any]) -> Content:
    if row.get("always"):
        return Content(row["zone"], always=True)
    hours = parse_hours(row["hours"])
    content = Content(row["zone"], week=tuple(hours if day in row["days"] else () for day in range(7)))
    return with_chinese_days(content, announced_years()) if row.get("holidays") == "CN" else content


def _load_fault_levels(rows: list[dict[str, Any]]) -> int:
    added = 0
    for position, row in enumerate(rows, 1):
        names = {"name_zh": row["zh"], "name_en": row["en"], "position": position * 10}
        level, created = FaultLevel.objects.get_or_create(code=row["code"], defaults=names)
        if created:
            level.priorities.set(Priority.objects.filter(code__in=row["priorities"]))
        added += created
    return added


def _load_policy(row: dict[str, Any], position: int, at: datetime) -> int:
    names = {"name_zh": row["zh"], "name_en": row["en"], "position": position * 10}
    parts = {"kind": row.get("kind", "sla"), "is_default": row.get("is_default", False)}
    policy, created = Policy.objects.get_or_create(code=row["code"], defaults={**names, **parts})
    promises = tuple(_promise(target) for target in row["targets"])
    if policy.versions.exists():
        return add_new_promises(policy, promises, at=at)
    parts = {"on_change": row.get("on_change", "from_start"), "restarts": row.get("restarts", False)}
    parts |= {name: tuple(row[name]) for name in ("response", "resolve") if name in row}
    draft = Draft(promises, tuple(row["pausing"]), tuple(row["warnings"]), **parts)
    publish_policy(policy, draft, valid_from=datetime.min.replace(year=1970, tzinfo=at.tzinfo), by=None, at=at)
    return int(created)


def _promise(row: dict[str, Any]) -> Promise:
    conditions = {f"{name}_id": row[name] for name in ("priority", "fault", "nature") if name in row}
    conditions |= {name: row[name] for name in ("kind", "grade") if name in row}
    return Promise(row["metric"], row["calendar"], row.get("minutes"), tuple(sorted(conditions.items())))


def _load_notice_rules(rows: list[dict[str, Any]]) -> int:
    if NoticeRule.objects.exists():
        return 0
    return len(
        NoticeRule.objects.bulk_create(
            NoticeRule(
                priority_id=row["priority"],
                on=row["event"],
                after_minutes=row.get("after_minutes"),
                roles=row["roles"],
            )
            for row in rows
        )
    )


def _load_escalation_rules(rows: list[dict[str, Any]]) -> int:
    if EscalationRule.objects.exists():
        return 0
    rules = (
        EscalationRule(
            agreement=row["agreement"],
            metric=row["metric"],
            percent=row["percent"],
            tiers=row["tiers"],
            priority_id=row.get("priority"),
            step=row["step"],
            roles=row["roles"],
        )
        for row in rows
    )
    return len(EscalationRule.objects.bulk_create(rules))


def _load_closing_rule(row: dict[str, Any]) -> int:
    fields = {
        "calendar_id": row["calendar"],
        "remind_hours": row.get("remind_hours"),
        "close_hours": row["close_hours"],
    }
    _rule, created = ClosingRule.objects.get_or_create(priority_id=row["priority"], defaults=fields)
    return int(created)
