"""Kept promises, read in two ways: of what ended, and of what ended or is past its limit and still open (RPT-01)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.charts import DRAWN, Board, Cell, Chart, Line
from reports.facts.counting import tells
from reports.figures import Scope
from reports.targets.services import aims_of
from tickets.figures.charts import Kept, Promise
from tickets.figures.records import Records
from tickets.models import Priority


def compliance(declared: Kept, scope: Scope, board: Board) -> Chart:
    """In time, late, and open past the limit, by priority and clock, with both shares."""
    found = [_counts(promise, scope) for promise in declared.promises]
    lines = [
        _line(scope, board, priority, by_priority[priority.pk], promise)
        for priority in Priority.objects.order_by("rank")
        for promise, by_priority in zip(declared.promises, found, strict=True)
        if any(by_priority[priority.pk].values())
    ]
    series = [
        (_("In time"), "stack", "ok"),
        (_("Late"), "stack", "late"),
        (_("Open, past its limit"), "stack", "soon"),
        (_("In time, of what ended"), "text", ""),
        (_("In time, of what ended or is past its limit"), "text", ""),
    ]
    aims = aims_of((one.kept, one.promised) for one in declared.promises)
    told = _("Of what ended in the period, and of what is open past its limit at its end.")
    note = " · ".join((told, *(aim["name"] for aim in aims)))
    unit = gettext_lazy("percent of tickets")
    return Chart(declared.code, declared.title, unit, "shares", series, lines, note, {"aims": aims})


def _counts(promise: Promise, scope: Scope) -> dict[Any, dict[str, int]]:
    """How many there are of each, by priority; what was not asked is missing."""
    found: dict[Any, dict[str, int]] = defaultdict(dict)
    for name, records in (("all", promise.promised), ("kept", promise.kept), ("open", promise.open)):
        if name == "open" and not _is_asked(scope, records):
            continue
        rows = scope.counted(scope.records(records)).values("priority").annotate(n=Count("pk")).order_by()
        for row in rows:
            found[row["priority"]][name] = row["n"]
    return found


def _is_asked(scope: Scope, records: Records) -> bool:
    """Whether facts tell it, or it is of the tickets as they are now: those of a period that goes on are few."""
    return tells(records) or (scope.finds and scope.span.end > scope.span.edge)


def _line(scope: Scope, board: Board, priority: Priority, row: dict[str, int], promise: Promise) -> Line:
    kept, ended, asked = row.get("kept", 0), row.get("all", 0), _is_asked(scope, promise.open)
    past = row.get("open", 0)
    address = {"priority": priority.code}
    late_url = scope.list_url(scope.records(promise.promised), **address, **{promise.filter: "false"})
    open_url = scope.list_url(scope.records(promise.open), **address) if asked else ""
    cells = [
        Cell(kept, scope.list_url(scope.records(promise.kept), **address)),
        Cell(ended - kept, late_url),
        Cell(past if asked else None, open_url),
        Cell(None, "", _share(kept, ended)),
        Cell(None, "", _share(kept, ended + past) if asked else "–"),
    ]
    return Line(f"{priority.code} {promise.name}", cells, board(priority=priority.code), priority.code.lower())


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def register() -> None:
    """Let boards draw it."""
    DRAWN[Kept] = compliance
