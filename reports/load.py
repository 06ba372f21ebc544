"""Load by group and person: in hand now; worked on, ended and work time in the period (DESK-04, RPT-04)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import SupportGroup, User
from accounts.permissions import Permission
from duty.models import Roster
from duty.queries import standings
from reports.charts import Cell, Chart, Line
from reports.effort import TIMED, WORKED_ON, steps, time_spent
from reports.figures import Scope
from reports.texts import duration
from tickets.figures.records import records_of
from tickets.models import TimeSpent
from tickets.queues.filters import NONE
from tickets.queues.queries import VIEWS

#: So many people the table of a board shows until all are asked for; files have all.
MOST_PEOPLE = 40
STANDING = ("open", "due_soon", "overdue")


@dataclass
class Load:
    """A line: a group or a person. Counts with their lists, none of nothing; ``on_duty``: who has the duty now."""

    label: str
    board_url: str = ""
    on_duty: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    response: str = "–"
    work_time: str = "–"
    work_time_url: str = ""

    @property
    def standing(self) -> list[tuple[str, int, str, str]]:
        """The cells of what is in hand now."""
        return [cell for cell in self.cells if cell[0] in STANDING]

    @property
    def cells(self) -> list[tuple[str, int, str, str]]:
        """Column, count, address and tone of each number."""
        tones = {"due_soon": "soon", "overdue": "late"}
        shown = ((name, n, bool(n)) for name, n in self.counts.items())
        return [(name, n, self.urls[name] * some, tones.get(name, "") * some) for name, n, some in shown]


def by_group(scope: Scope, board: Any) -> list[Load]:
    """A line per group that has something in hand or ended something in the period, the fullest first."""
    rows = _with_work(_counted(scope, "group"), _work_of_groups(scope))
    groups = SupportGroup.objects.in_bulk([key for key in rows if key])
    duty = _on_duty(scope)
    found = []
    for key, counts in rows.items():
        group = groups.get(key)
        code, label = (group.code, str(group)) if group else (NONE, _("Not assigned"))
        found.append(_line(scope, "group", code, label, counts, board, group=code))
        found[-1].on_duty = duty.get(key, "")
    return sorted(found, key=lambda line: (-line.counts["open"], -line.counts["resolved"], line.label))


def standing_by_group(scope: Scope, counts: dict[Any, dict[str, int]]) -> list[Load]:
    """What each group has in hand now, and who is on duty, the fullest first: nothing of the period.

    ``counts``: as ``standing`` gives them by group.
    """
    groups = SupportGroup.objects.in_bulk([key for key in counts if key])
    duty = _on_duty(scope)
    found = []
    for key, row in counts.items():
        group = groups.get(key)
        code, label = (group.code, str(group)) if group else (NONE, _("Not assigned"))
        urls = {view: _view_url(scope, view, {"group": code}) for view in STANDING}
        in_hand = {view: row[view] for view in STANDING}
        found.append(Load(label, on_duty=duty.get(key, ""), counts=in_hand, urls=urls))
    return sorted(found, key=lambda line: (-line.counts["open"], line.label))


def by_person(scope: Scope, board: Any) -> list[Load]:
    """A line per person, for those who may see names; of others only the own one."""
    counted = _with_work(_counted(scope, "assignee"), _work_of_people(scope))
    rows = {key: counts for key, counts in counted.items() if key}
    if not scope.user.may(Permission.PEOPLE_FIGURES):
        rows = {key: counts for key, counts in rows.items() if key == scope.user.pk}
    people = User.objects.in_bulk(list(rows))
    found = [
        _line(scope, "assignee", who.username, who.display_name, rows[key], board, part=f"by-{who.username}")
        for key, who in people.items()
    ]
    return sorted(found, key=lambda line: (-line.counts["open"], -line.counts["resolved"], line.label))


#: Tables of load that are drawn and saved as charts are: code, title, who counts the lines.
TABLES: dict[str, tuple[Any, Callable[[Scope, Any], list[Load]]]] = {
    "load-groups": (gettext_lazy("Load of groups"), by_group),
    "load-people": (gettext_lazy("Load of persons"), by_person),
}


def load_chart(code: str, scope: Scope, board: Any) -> Chart:
    """A table of load as a chart: what is in hand is drawn, the rest stands in its table. Raises KeyError."""
    title, count = TABLES[code]
    names = [
        _("In hand"),
        _("Due soon"),
        _("Overdue"),
        _("Worked on"),
        _("Solved"),
        _("Work time"),
        _("Mean response"),
    ]
    series = [(name, "text" if place else "bar", "" if place else "info") for place, name in enumerate(names)]
    lines = []
    for line in count(scope, board):
        cells = [Cell(n, url) for _name, n, url, _tone in line.cells]
        cells += [Cell(None, line.work_time_url, line.work_time), Cell(None, "", line.response)]
        lines.append(Line(line.label, cells, line.board_url))
    return Chart(code, title, gettext_lazy("tickets"), "bars", series, lines)


def _counted(scope: Scope, name: str) -> dict[Any, dict[str, Any]]:
    """Counts by key: two statements, one over what is open, one over what was solved in the period."""
    in_hand = standing(scope, name)
    took = ExpressionWrapper(F("responded_at") - F("created_at"), output_field=DurationField())
    solved = scope.counted(scope.records(records_of("incident.resolved"))).values(key=F(name))
    done = solved.annotate(resolved=Count("pk"), response=Avg(took, filter=Q(responded_at__isnull=False))).order_by()
    found: dict[Any, dict[str, Any]] = {
        key: counts | {"resolved": 0, "response": None} for key, counts in in_hand.items()
    }
    for row in done:
        counts = found.setdefault(row["key"], dict.fromkeys(STANDING, 0))
        counts |= {"resolved": row["resolved"], "response": row["response"]}
    return found


def standing(scope: Scope, name: str, also: Mapping[str, Q] | None = None) -> dict[Any, dict[str, int]]:
    """What is in hand now, by key, and how much of it is ``also`` so, in one look at what is open."""
    now, user = scope.span.at, scope.user
    open_ = VIEWS["open"].where(user, now)
    asked = {code: VIEWS[code].where(user, now) for code in STANDING} | dict(also or {})
    wanted = {f"n{n}": Count("pk", filter=_beyond(open_, condition)) for n, condition in enumerate(asked.values())}
    rows = scope.rows.filter(open_).values(key=F(name)).annotate(**wanted).order_by()
    return {row["key"]: {code: row[f"n{n}"] for n, code in enumerate(asked)} for row in rows}


def _beyond(known: Q, condition: Q) -> Q:
    """What ``condition`` asks beyond ``known``, which holds of every row: not asked again of each for each number."""
    if condition.connector != Q.AND or condition.negated:
        return condition
    return Q(*(part for part in condition.children if part not in known.children))


#: Of each group or person: on how many tickets they worked in the period, and how many minutes.
Work = tuple[dict[Any, int], dict[Any, int]]


def _work_of_groups(scope: Scope) -> Work:
    """Of the tickets that a group has, or had last: whoever worked on them."""
    on = scope.found(scope.records(WORKED_ON)).values_list("group").annotate(n=Count("pk"))
    return dict(on), dict(_times(scope).values_list("ticket__group").annotate(sum=Sum("minutes")))


def _work_of_people(scope: Scope) -> Work:
    """Of what each did, whoever has the ticket."""
    mine = steps(scope.span).filter(ticket__in=scope.found(scope.records(WORKED_ON)).values("pk"))
    on = mine.values_list("actor").annotate(n=Count("ticket", distinct=True))
    return dict(on), dict(_times(scope).values_list("person").annotate(sum=Sum("minutes")))


def _times(scope: Scope) -> QuerySet[TimeSpent]:
    found = scope.found(scope.records(TIMED)).values("pk")
    return time_spent(scope.span).filter(ticket__in=found).order_by()


def _with_work(rows: dict[Any, dict[str, Any]], work: Work) -> dict[Any, dict[str, Any]]:
    """``rows`` with the columns of work; who only worked gets a row, too."""
    on, minutes = work
    for key in {*rows, *on, *minutes}:
        counts = rows.get(key) or dict.fromkeys(STANDING, 0) | {"resolved": 0, "response": None}
        resolved = counts.pop("resolved")
        rows[key] = counts | {"worked_on": on.get(key, 0), "resolved": resolved, "minutes": minutes.get(key)}
    return rows


def _line(
    scope: Scope, name: str, code: str, label: str, counts: dict[str, Any], board: Any, part: str = "", **of: str
) -> Load:
    """A line; what was worked on is the ``part`` of it that one person did, or all ``of`` a group.

    Who only worked on what others have may lie outside the filter ``name``: the board cannot be narrowed to them.
    """
    inside = not scope.filters.getlist(name) or any(counts[had] for had in ("open", "resolved"))
    resolved = scope.list_url(scope.records(records_of("incident.resolved")), **{name: code})
    worked_on = scope.list_url(scope.records(WORKED_ON, part=part), **of)
    response, minutes = counts.pop("response"), counts.pop("minutes")
    return Load(
        label=label,
        board_url=board(**{name: code}) if inside else "",
        counts=counts,
        urls={view: _view_url(scope, view, {name: code}) for view in STANDING}
        | {"worked_on": worked_on, "resolved": resolved},
        response=duration(response.total_seconds()) if response is not None else "–",
        work_time=duration(minutes * 60) if minutes else "–",
        work_time_url=scope.list_url(scope.records(TIMED, part=part), **of) if minutes else "",
    )


def _view_url(scope: Scope, view: str, more: dict[str, str]) -> str:
    """The list of what is in hand now, with the filters of the board."""
    kept = [(k, v) for k, values in scope.filters.lists() if k not in more for v in values]
    return f"{reverse('tickets:list', args=[scope.kind.slug])}?{urlencode([('view', view), *kept, *more.items()])}"


def _on_duty(scope: Scope) -> dict[int, str]:
    """Who has the duty of each group now."""
    rosters = Roster.objects.visible_to(scope.user).loaded()
    rows = standings(rosters, scope.span.at)
    return {row.roster.group_id: row.now.user.display_name for row in rows if row.now and row.now.user}
