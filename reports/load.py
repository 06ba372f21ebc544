"""Load by group and person: what they have in hand now, and what they ended in the period (DESK-04, RPT-04)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import SupportGroup, User
from accounts.permissions import Permission
from duty.models import Roster
from duty.queries import standings
from reports.figures import Scope
from reports.texts import duration
from tickets.figures.records import records_of
from tickets.queues.filters import NONE
from tickets.queues.queries import VIEWS

#: So many people a table shows.
MOST_PEOPLE = 40
STANDING = ("open", "due_soon", "overdue")


@dataclass
class Load:
    """A line: a group or a person. Counts with their lists; ``on_duty``: who has the group's duty now."""

    label: str
    board_url: str = ""
    on_duty: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    response: str = "–"

    @property
    def standing(self) -> list[tuple[str, int, str, str]]:
        """The cells of what is in hand now."""
        return [cell for cell in self.cells if cell[0] in STANDING]

    @property
    def cells(self) -> list[tuple[str, int, str, str]]:
        """Column, count, address and tone of each number."""
        tones = {"due_soon": "soon", "overdue": "late"}
        return [(name, n, self.urls[name], tones.get(name, "") if n else "") for name, n in self.counts.items()]


def by_group(scope: Scope, board: Any) -> list[Load]:
    """A line per group that has something in hand or ended something in the period, the fullest first."""
    rows = _counted(scope, "group")
    groups = SupportGroup.objects.in_bulk([key for key in rows if key])
    duty = _on_duty(scope)
    found = []
    for key, counts in rows.items():
        group = groups.get(key)
        code, label = (group.code, str(group)) if group else (NONE, _("Not assigned"))
        found.append(_line(scope, "group", code, label, counts, board))
        found[-1].on_duty = duty.get(key, "")
    return sorted(found, key=lambda line: (-line.counts["open"], -line.counts["resolved"], line.label))


def by_person(scope: Scope, board: Any) -> list[Load]:
    """A line per person, for those who may see names; of others only the own one."""
    rows = {key: counts for key, counts in _counted(scope, "assignee").items() if key}
    if not scope.user.may(Permission.PEOPLE_FIGURES):
        rows = {key: counts for key, counts in rows.items() if key == scope.user.pk}
    people = User.objects.in_bulk(list(rows))
    found = [_line(scope, "assignee", people[k].username, people[k].display_name, rows[k], board) for k in rows]
    return sorted(found, key=lambda line: (-line.counts["open"], -line.counts["resolved"], line.label))[:MOST_PEOPLE]


def _counted(scope: Scope, name: str) -> dict[Any, dict[str, Any]]:
    """Counts by key: two statements, one over what is open, one over what was solved in the period."""
    now, user = scope.span.at, scope.user
    standing = {code: Count("pk", filter=VIEWS[code].where(user, now)) for code in STANDING}
    open_ = scope.rows.filter(VIEWS["open"].where(user, now)).values(key=F(name)).annotate(**standing).order_by()
    took = ExpressionWrapper(F("responded_at") - F("created_at"), output_field=DurationField())
    solved = scope.counted(scope.records(records_of("incident.resolved"))).values(key=F(name))
    done = solved.annotate(resolved=Count("pk"), response=Avg(took, filter=Q(responded_at__isnull=False))).order_by()
    found: dict[Any, dict[str, Any]] = {}
    for row in open_:
        found[row["key"]] = {code: row[code] for code in STANDING} | {"resolved": 0, "response": None}
    for row in done:
        counts = found.setdefault(row["key"], dict.fromkeys(STANDING, 0))
        counts |= {"resolved": row["resolved"], "response": row["response"]}
    return found


def _line(scope: Scope, name: str, code: str, label: str, counts: dict[str, Any], board: Any) -> Load:
    resolved = scope.list_url(scope.records(records_of("incident.resolved")), **{name: code})
    response = counts.pop("response")
    return Load(
        label=label,
        board_url=board(**{name: code}),
        counts=counts,
        urls={view: _view_url(scope, view, {name: code}) for view in STANDING} | {"resolved": resolved},
        response=duration(response.total_seconds()) if response is not None else "–",
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
