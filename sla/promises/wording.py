"""Targets in words, as pages and papers show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sla.models import Metric, Policy, Target
from sla.promises.policies import targets_in_force
from tickets.lifecycle import kind_of
from tickets.models import Priority


def shown_targets(policy: Policy, at: datetime) -> list[dict[str, Any]]:
    """Targets as pages show them: what, for whom, within how many seconds (by priority where that says it)."""
    priorities = list(Priority.objects.order_by("rank"))
    return [
        {
            "what": metric_label(row.metric, row.kind),
            "whom": whom_of(row),
            "within": _within(row, priorities),
            "calendar": row.calendar,
            "in_working_time": bool(row.calendar.current and not row.calendar.current.always),
        }
        for row in targets_in_force(policy, at)
    ]


def whom_of(row: Target) -> list[str]:
    """For whom a target is, in words; nothing: for every ticket."""
    rows = (*graded_as(row), row.priority, row.fault, row.nature, row.business_system, row.organisation)
    return [str(named) for named in rows if named is not None]


def metric_label(metric: str, kind: str | None = None) -> Any:
    """What a limit is called, for tickets of a kind that has its own word for it."""
    labels = kind_of(kind).timed.labels if kind else {}
    return labels.get(metric, Metric(metric).label)


def graded_as(target: Target) -> list[str]:
    """The kind that a target is for, and the name of its level or type; nothing when it names none."""
    if not target.kind:
        return []
    kind = kind_of(target.kind)
    return [str(kind.label), *([dict(kind.grades()).get(target.grade, target.grade)] if target.grade else [])]


def _within(target: Target, priorities: list[Priority]) -> list[tuple[str, float]]:
    if target.minutes is not None or target.priority is not None:
        return [("", target.within(target.priority).total_seconds())]
    return [(priority.pk, target.within(priority).total_seconds()) for priority in priorities]
