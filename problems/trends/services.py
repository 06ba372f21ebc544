"""Proposals of the trend analysis: kept night by night, decided by people (PRB-02)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation, SupportGroup, User
from cmdb.models import BusinessSystem
from problems.models import Problem, TrendProposal
from problems.trends.analysis import BURST, DIMENSIONS, Finding, Series, find, whole_weeks
from tickets.actions import perform
from tickets.errors import ActionConflict
from tickets.forms import json_value
from tickets.models import Category, Source

State = TrendProposal.State
#: Of so many incidents a problem is raised at once; more are joined afterwards.
JOINED = 200
_MODELS: dict[str, tuple[Any, str]] = {
    "category__code": (Category, "code"),
    "business_system_id": (BusinessSystem, "code"),
    "group__code": (SupportGroup, "code"),
    "organisation__code": (Organisation, "code"),
    "source_id": (Source, "code"),
}


def label_of(series: Series) -> dict[str, str]:
    """``{zh, en}``: what the key means. One query a part."""
    parts = []
    for column, value in zip(DIMENSIONS[series.dimension], series.key, strict=True):
        model, key = _MODELS.get(column, (None, ""))
        row = model.objects.filter(**{key: value}).first() if model else None
        parts.append(json_value(row) if row is not None else {"zh": value, "en": value})
    return {language: " · ".join(part[language] for part in parts) for language in ("zh", "en")}


def as_data(finding: Finding) -> dict[str, Any]:
    """The finding, JSON-safe: for its row, the page and the API."""
    return {
        "kind": finding.kind,
        "dimension": finding.series.dimension,
        "key": list(finding.series.key),
        "label": label_of(finding.series),
        "since": finding.since.isoformat(),
        "until": finding.until.isoformat(),
        "seen": finding.seen,
        "expected": finding.expected,
        "chance": finding.chance,
        "weeks": [week.date().isoformat() for week in finding.weeks],
        "counts": list(finding.series.counts),
        "first": finding.first,
        "last": finding.last,
        "also": [label_of(series) for series in finding.also[:5]],
        "address": finding.address,
    }


@transaction.atomic
def refresh(now: datetime) -> int:
    """Look at the last whole weeks and keep what was found; return how many proposals are new or came back.

    What was dismissed comes back only when there is more of it than when somebody dismissed it. Idempotent.
    """
    news = 0
    found = find(whole_weeks(None, now))
    open_codes = []
    for finding in found:
        row, made = TrendProposal.objects.select_for_update().get_or_create(
            key=finding.code, defaults={"finding": as_data(finding), "found_at": now}
        )
        grown = row.state == State.DISMISSED and finding.seen > row.level
        if not made:
            columns = {"state": State.OPEN, "found_at": now} if grown else {}
            TrendProposal.objects.filter(pk=row.pk).update(finding=as_data(finding), **columns)
        news += made or grown
        open_codes.append(finding.code)
    TrendProposal.objects.filter(state=State.OPEN).exclude(key__in=open_codes).delete()
    return news


def decide(*, proposal: TrendProposal, state: str, reason: str, user: User, now: datetime) -> None:
    """Dismiss it with a reason, or watch it. Raises ActionConflict when somebody decided already."""
    changed = TrendProposal.objects.filter(pk=proposal.pk).exclude(state__in=[State.RAISED, state])
    columns = {"state": state, "reason": reason, "level": proposal.finding["seen"]}
    if not changed.update(**columns, decided_at=now, decided_by=user):
        raise ActionConflict(_("Somebody has decided about it already."))


@transaction.atomic
def raise_problem(*, proposal: TrendProposal, user: User, now: datetime) -> Problem:
    """Raise a problem with the incidents of the trend. Raises ActionConflict when there is one, ActionForbidden."""
    row = TrendProposal.objects.select_for_update().get(pk=proposal.pk)
    if row.state == State.RAISED:
        raise ActionConflict(_("Somebody has decided about it already."))
    numbers = list(incidents_of(row.finding).order_by("-created_at").values_list("number", flat=True)[:JOINED])
    data = {**_about(row.finding), "incidents": numbers, "problem_source": "trend", "level": "medium"}
    problem: Any = perform(Problem(), "register", user=user, data=data, now=now).ticket
    columns = {"state": State.RAISED, "problem": problem, "decided_at": now, "decided_by": user}
    TrendProposal.objects.filter(pk=row.pk).update(**columns)
    return problem


def incidents_of(data: dict[str, Any]) -> Any:
    """The incidents of a stored finding."""
    weeks = [datetime.fromisoformat(data["since"])]
    series = Series(data["dimension"], tuple(data["key"]), tuple(data["counts"]))
    span = Finding(data["kind"], series, 0, 0, data["seen"], data["expected"], data["chance"], weeks)
    names = DIMENSIONS[series.dimension]
    found = span.rows().model.objects.filter(kind="incident", parent=None, created_at__gte=weeks[0])
    found = found.filter(created_at__lt=datetime.fromisoformat(data["until"]))
    return found.filter(**dict(zip(names, series.key, strict=True))).distinct()


def _about(data: dict[str, Any]) -> dict[str, str]:
    """Summary and key fields of the problem, from the trend."""
    parts: Iterable[tuple[str, str]] = zip(DIMENSIONS[data["dimension"]], data["key"], strict=True)
    names = {"category__code": "category", "business_system_id": "business_system"}
    about = {names[column]: value for column, value in parts if column in names}
    what = _("Burst: %(what)s") if data["kind"] == BURST else _("Keeps coming: %(what)s")
    return {**about, "summary": (what % {"what": data["label"]["zh"]})[:200]}
