"""The register of problems (问题记录汇总表) of a month, its figures, and what is missing in it (PRB-08, PRB-09)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, Sum
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from itsm.documents.sheets import Book
from problems.models import Problem
from problems.states import Outcome
from problems.trends.analysis import ZONE
from tickets.figures.months import Month
from tickets.lifecycle import Phase
from tickets.models import Ticket, TicketLink, TimeSpent
from tickets.shared.causes import CAUSED_BY

#: What must be on record of a problem that is over, by the columns of its row; what was cancelled needs nothing.
NEEDED = ("root_cause", "solution", "proof", "review_result", "minutes")
#: Of one that ended in another way: there is no solution to prove.
NEEDED_WITHOUT_SOLUTION = ("root_cause", "review_result", "minutes")
EXEMPT = (Outcome.CANCELLED, Outcome.DUPLICATE)


@dataclass(frozen=True)
class Line:
    """A problem in the register. ``missing``: labels of what should be on record and is not."""

    problem: Problem
    incidents: int
    resolved: bool
    missing: list[Any] = field(default_factory=list)

    @property
    def standing(self) -> str:
        """Resolved or unresolved, as the register knows it (PRB-10)."""
        return _("Resolved") if self.resolved else _("Unresolved")


def lines_of(month: Month, user: User) -> list[Line]:
    """Problems raised in the month, and those that were still open in it. Two queries."""
    raised = Q(created_at__gte=month.start, created_at__lt=month.end)
    open_then = Q(created_at__lt=month.start) & (Q(closed_at=None) | Q(closed_at__gte=month.start))
    related = ("problem_source", "problem_category", "level", "assignee", "business_system")
    found = Problem.objects.visible_to(user).filter(raised | open_then).select_related(*related).order_by("number")
    rows = list(found)
    links = TicketLink.objects.filter(target__in=[row.pk for row in rows], meaning=CAUSED_BY, source__kind="incident")
    counts = Counter(links.values_list("target_id", flat=True))
    return [Line(row, counts[row.pk], _is_resolved(row, month), missing_of(row)) for row in rows]


def _is_resolved(problem: Problem, month: Month) -> bool:
    over = problem.resolved_at or problem.closed_at
    return over is not None and over < month.end


def missing_of(problem: Problem) -> list[Any]:
    """What should be on record of a problem that is closed, and is not."""
    if problem.phase != Phase.CLOSED or problem.outcome in EXEMPT:
        return []
    needed = NEEDED if problem.outcome == Outcome.SOLVED else NEEDED_WITHOUT_SOLUTION
    return [problem._meta.get_field(name).verbose_name for name in needed if not getattr(problem, name)]  # type: ignore[union-attr]


def figures_of(lines: Iterable[Line]) -> dict[str, Any]:
    """Total, resolved, unresolved, incidents; by category and by level (PRB-09)."""
    rows = list(lines)
    return {
        "total": len(rows),
        "resolved": sum(line.resolved for line in rows),
        "unresolved": sum(not line.resolved for line in rows),
        "incidents": sum(line.incidents for line in rows),
        "incomplete": sum(bool(line.missing) for line in rows),
        "by_category": _by(rows, "problem_category"),
        "by_level": _by(rows, "level"),
        "by_system": _by(rows, "business_system"),
    }


@dataclass(frozen=True)
class Effect:
    """What the problems of a month did, over their incidents: minutes lost and worked, limits missed, who was hit."""

    interruption_minutes: int
    working_minutes: int
    breaches: int
    customers: int
    systems: int


def effect_of(lines: Iterable[Line], month: Month, user: User, now: datetime) -> Effect:
    """Effect and extent of the problems in ``lines`` as far as ``user`` sees their incidents (PRB-09). Two queries.

    Counted is what happened until the month's end, or until ``now``.
    """
    until = min(month.end, now)
    keys = TicketLink.objects.filter(target__in=[line.problem.pk for line in lines], meaning=CAUSED_BY)
    incidents = Ticket.objects.visible_to(user).filter(pk__in=keys.values("source_id"), kind="incident")
    columns = ("pk", "created_at", "resolved_at", "completed_in_time", "organisation_id", "business_system_id")
    rows = list(incidents.filter(created_at__lt=until).values_list(*columns))
    lasted = [min(resolved or until, until) - created for _pk, created, resolved, *_rest in rows]
    worked = TimeSpent.objects.filter(ticket__in=[row[0] for row in rows], at__lt=until)
    return Effect(
        interruption_minutes=round(sum(lasted, timedelta()).total_seconds() / 60),
        working_minutes=worked.aggregate(sum=Sum("minutes"))["sum"] or 0,
        breaches=sum(row[3] is False for row in rows),
        customers=len({row[4] for row in rows}),
        systems=len({row[5] for row in rows} - {None}),
    )


def _by(rows: list[Line], name: str) -> list[tuple[str, int]]:
    counts = Counter(str(getattr(line.problem, name) or _("None")) for line in rows)
    return counts.most_common()


def report_rows(lines: list[Line], effect: Effect) -> list[tuple[str, Any]]:
    """The monthly report as (label, value): counts, effect and extent, then each category, level and system."""
    figures = figures_of(lines)
    rows = [
        (_("Problems"), figures["total"]),
        (_("Resolved"), figures["resolved"]),
        (_("Unresolved"), figures["unresolved"]),
        (_("Incidents"), figures["incidents"]),
        (_("Minutes of interruption"), effect.interruption_minutes),
        (_("Minutes of work"), effect.working_minutes),
        (_("Missed limits"), effect.breaches),
        (_("Customers affected"), effect.customers),
        (_("Business systems affected"), effect.systems),
        (_("With something missing"), figures["incomplete"]),
    ]
    parts = (
        (_("Category of the problem"), "by_category"),
        (_("Level"), "by_level"),
        (_("Business system"), "by_system"),
    )
    return rows + [(f"{label}: {name}", count) for label, part in parts for name, count in figures[part]]


def workbook(month: Month, lines: list[Line], effect: Effect) -> bytes:
    """The register and the monthly report as an Excel file of two sheets."""
    book, widths = Book(), [18, 42, *[9] * 7, 48, 48, 9, 9]
    book.add(month.code, heads(), [[*map(str, cells_of(line))] for line in lines], widths=widths, frozen_columns=2)
    book.add(_("Monthly report"), (_("Figure"), month.code), report_rows(lines, effect), widths=[48, 14])
    return book.as_bytes()


def heads() -> tuple[str, ...]:
    """What the columns of the register are called."""
    head = (_("Number"), _("Summary"), _("Raised from"), _("Category of the problem"), _("Level"), _("Owner"))
    return (
        *head,
        *(_("Created"), _("State"), _("Resolved"), _("Root cause"), _("Solution"), _("Incidents"), _("Missing")),
    )


def cells_of(line: Line) -> list[Any]:
    """A problem as a row of the register."""
    one = line.problem
    named = [one.problem_source, one.problem_category, one.level, one.assignee]
    solved = f"{localtime(one.resolved_at, ZONE):%Y-%m-%d}" if one.resolved_at else ""
    return [
        one.number,
        one.summary,
        *("" if value is None else value for value in named),
        f"{localtime(one.created_at, ZONE):%Y-%m-%d}",
        line.standing,
        solved,
        one.root_cause,
        one.solution or one.workaround,
        line.incidents,
        ", ".join(str(label) for label in line.missing),
    ]
