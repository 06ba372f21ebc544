"""Contacts per hour of the week against who is on duty then, for the desk's staffing (RPT-04)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from duty.models import Roster
from duty.queries import plans_of
from itsm.web.filtering import MINE
from reports.charts import DRAWN, Board, Cell, Chart, Line, days_of_week
from reports.figures import Scope
from tickets.figures.charts import Staffing
from tickets.figures.records import Span, zone

HOUR = timedelta(hours=1)
#: A weekday, Monday 1, and an hour of the portal's zone.
Slot = tuple[int, int]


def against_roster(declared: Staffing, scope: Scope, board: Board) -> Chart:
    """A set by hour of the week, per hour that the period has of it, beside the mean of people on duty."""
    contacts, hours, staff = _contacts(declared, scope), _hours(scope.span), _staff(scope)
    lines = []
    for slot, times in sorted(hours.items()):
        n, duty = contacts.get(slot, 0), staff[slot] / times
        chosen = scope.records(declared.records, part=f"hour-{slot[0]}-{slot[1]}")
        each = f"{n / times / duty:.1f}" if duty else "–"
        url = scope.list_url(chosen) if n else ""
        cells = [
            Cell(n, url),
            Cell(round(n / times, 2), url),
            Cell(round(duty, 2)),
            Cell(None, "", each),
        ]
        lines.append(Line(f"{days_of_week()[slot[0] - 1]} {slot[1]:02}", cells))
    series = [
        (_("Contacts"), "text", ""),
        (_("Contacts per hour"), "bar", "info"),
        (_("On duty"), "line", "soon"),
        (_("Contacts per hour and person"), "text", ""),
    ]
    note = _("On duty: by the rosters as they are now, without the duty manager's; who stands in two counts once.")
    return Chart(declared.code, declared.title, gettext_lazy("per hour"), "trend", series, lines, note)


def _contacts(declared: Staffing, scope: Scope) -> dict[Slot, int]:
    when = declared.records.when
    day, hour = ExtractIsoWeekDay(when, tzinfo=zone()), ExtractHour(when, tzinfo=zone())
    rows = scope.counted(scope.records(declared.records)).values(day=day, hour=hour).annotate(n=Count("pk")).order_by()
    return {(row["day"], row["hour"]): row["n"] for row in rows}


def _hours(span: Span) -> dict[Slot, int]:
    """How often each hour of the week begins in the known part of the period."""
    found: dict[Slot, int] = defaultdict(int)
    at = span.start
    while at < span.edge:
        found[_slot(at)] += 1
        at += HOUR
    return found


def _staff(scope: Scope) -> dict[Slot, int]:
    """How many people were on duty when these hours began, taken together, in the groups that the board is of."""
    rosters = Roster.objects.visible_to(scope.user).filter(management=False).loaded()
    groups = [code for code in scope.filters.getlist("group") if code]
    if groups:
        own = scope.user.group_ids if MINE in groups else ()
        rosters = rosters.filter(Q(group__code__in=groups) | Q(group__in=own))
    start, end = scope.span.start, scope.span.edge
    on_duty: dict[datetime, set[int]] = defaultdict(set)
    for plan in plans_of(rosters, start, end).values():
        for turn in plan.between(start, end):
            at = start + max(-((start - turn.start) // HOUR), 0) * HOUR
            while turn.user and at < min(turn.end, end):
                on_duty[at].add(turn.user.pk)
                at += HOUR
    found: dict[Slot, int] = defaultdict(int)
    for at, people in on_duty.items():
        found[_slot(at)] += len(people)
    return found


def _slot(at: datetime) -> Slot:
    local = at.astimezone(zone())
    return local.isoweekday(), local.hour


def register() -> None:
    """Make it drawn; called once when the portal starts."""
    DRAWN[Staffing] = against_roster
