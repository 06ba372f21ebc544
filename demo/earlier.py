"""The weeks before the demo's own tickets: incidents that are over, so that figures and trends have a past.

They are stored as they ended, with the lines of their timelines, and not played: a few hundred of them would keep
the portal from starting. What is drawn comes from a fixed seed, so that each start of the same week has the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import yaml
from django.utils.timezone import localtime

from accounts.models import Organisation, SupportGroup, User
from cmdb.models import ConfigurationItem
from demo.reference import DATA
from incidents.models import Incident
from problems.known_errors.models import KnownErrorUse
from problems.models import Problem
from problems.services import join
from tickets.database.numbers import allocate_numbers
from tickets.figures.records import midnight
from tickets.models import (
    AffectedItem,
    Category,
    ImpactLevel,
    Nature,
    Source,
    Ticket,
    TimelineEntry,
    Urgency,
)
from tickets.shared.priority import priority_for

Row = dict[str, Any]
SEED, WEEKS = 20_261_129, 14
DAY = timedelta(days=1)
#: Hours of the day at which people and machines report.
HOURS = (8, 8, 9, 9, 9, 10, 10, 11, 13, 14, 14, 15, 16, 17, 20)
#: So many of a pattern belong to the problem whose workaround they took.
TOOK = 0.7
DESK = ("desk", "hejing", "zhaoxin", "maqian")
#: The steps of each: action, state that it leads to, part of the whole time after which it is done.
STEPS = (("assign", "assigned", 0.05), ("start", "in_progress", 0.15), ("resolve", "resolved", 1.0))


def first_monday(now: datetime) -> date:
    """The day on which the weeks begin: so many whole ones before the one of ``now``."""
    today = localtime(now).date()
    return today - timedelta(days=today.weekday() + 7 * WEEKS)


class Earlier:
    """The incidents by their pattern, stored."""

    def __init__(self, now: datetime) -> None:
        self.now, self.random = now, Random(SEED)  # noqa: S311 - nothing secret is drawn
        self.rows: list[Row] = yaml.safe_load((DATA / "earlier.yaml").read_text(encoding="utf-8"))
        self.people = {user.username: user for user in User.objects.all()}
        self.of: defaultdict[str, list[Incident]] = defaultdict(list)

    def load(self) -> int:
        """Store them all; return how many."""
        made = sorted(self._made(), key=lambda pair: pair[1].created_at)
        numbers = allocate_numbers("IM", [incident.created_at for _row, incident in made])
        parents = []
        for (row, incident), number in zip(made, numbers, strict=True):
            incident.number = number
            parents.append(Ticket(**{f.attname: getattr(incident, f.attname) for f in Ticket._meta.concrete_fields}))
            self.of[row["code"]].append(incident)
        for (_row, incident), parent in zip(made, Ticket.objects.bulk_create(parents), strict=True):
            incident.pk = incident.ticket_ptr_id = incident.id = parent.pk
            incident.save_base(raw=True, force_insert=True)
        TimelineEntry.objects.bulk_create(line for row, incident in made for line in self._lines(row, incident))
        self._affect(made)
        return len(made)

    def _made(self) -> Iterator[tuple[Row, Incident]]:
        """Every incident with its pattern, not numbered yet; the newest is two days old."""
        monday = first_monday(self.now)
        self.groups = {group.code: group for group in SupportGroup.objects.all()}
        self.customers = {one.code: one for one in Organisation.objects.all()}
        self.categories = {one.code: one for one in Category.objects.all()}
        self.impacts = {one.code: one for one in ImpactLevel.objects.all()}
        self.urgency = Urgency.objects.get(code="normal")
        self.common = {"nature": Nature.objects.get(code="incident"), "urgency": self.urgency}
        for row in self.rows:
            for week in range(WEEKS):
                for _each in range(self._many(row["weekly"], week)):
                    day = monday + timedelta(days=7 * week + self.random.choice((0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5)))
                    at = midnight(day) + timedelta(hours=self.random.choice(HOURS), minutes=self.random.randrange(60))
                    if at < self.now - 2 * DAY:
                        yield row, self._incident(row, at)

    def _many(self, weekly: list[Any], week: int) -> int:
        said = str(weekly[week % len(weekly)])
        first, _dash, last = said.partition("-")
        return self.random.randint(int(first), int(last or first))

    def _incident(self, row: Row, at: datetime) -> Incident:
        lasted = timedelta(hours=self.random.uniform(*row["hours"]))
        reporter = self.people[self.random.choice(row["requesters"])] if row["requesters"] else None
        impact = self.impacts[row["impact"]]
        priority = priority_for(impact, self.urgency)
        resolved = at + lasted
        return Incident(
            kind="incident",
            state="closed",
            phase="closed",
            version=5,
            summary=row["summary"],
            source=Source(code=row["source"]),
            category=self.categories[row["category"]],
            business_system_id=row["business_system"],
            organisation=self.customers[row["organisation"]],
            requester=reporter,
            registered_by=self.people[self.random.choice(DESK) if reporter else "monitoring"],
            impact=impact,
            priority=priority,
            priority_rank=priority.rank,
            group=self.groups[row["group"]],
            assignee=self.people[self.random.choice(row["assignees"])],
            created_at=at,
            updated_at=resolved + DAY / 4,
            assigned_at=at + lasted * 0.05,
            responded_at=at + lasted * 0.15,
            resolved_at=resolved,
            closed_at=resolved + DAY / 4,
            cause=row["cause"],
            handling=row["handling"],
            close_code_id=row["close_code"],
            **self.common,
        )

    def _lines(self, row: Row, incident: Incident) -> Iterator[TimelineEntry]:
        desk, lasted = incident.registered_by, incident.resolved_at - incident.created_at  # type: ignore[operator]
        steps: list[tuple[str, str, Any, User | None]] = [("register", "registered", incident.created_at, desk)]
        steps += [
            (action, state, incident.created_at + lasted * part, desk if action == "assign" else incident.assignee)
            for action, state, part in STEPS
        ]
        steps.append(("close", "closed", incident.closed_at, desk))
        before = ""
        for version, (action, state, at, actor) in enumerate(steps, start=1):
            yield TimelineEntry(
                ticket_id=incident.pk,
                at=at,
                actor=actor,
                action=action,
                via=TimelineEntry.Via.WEB if incident.requester_id else TimelineEntry.Via.API,
                is_public=True,
                version=version,
                state_from=before,
                state_to=state,
            )
            before = state

    def _affect(self, made: list[tuple[Row, Incident]]) -> None:
        items = {item.identifier: item for item in ConfigurationItem.objects.all()}
        AffectedItem.objects.bulk_create(
            AffectedItem(ticket_id=incident.pk, item=items[name])
            for row, incident in made
            for name in row.get("items", ())
        )

    def take_known_errors(self, problems: list[Problem], now: datetime) -> None:
        """Let some of each pattern have taken the workaround of its problem, once that had one, and belong to it."""
        for row in self.rows:
            if "known_error" not in row:
                continue
            problem = problems[row["known_error"]]
            mine = [one for one in self.of[row["code"]] if self.random.random() < TOOK]
            known = getattr(problem, "known_error", None)
            for incident in mine:
                join(incident=incident, problem=problem, user=self.people["zhengli"], now=now)
            if known is not None:
                KnownErrorUse.objects.bulk_create(
                    KnownErrorUse(known_error=known, ticket_id=one.pk, at=one.responded_at, by=one.assignee)
                    for one in mine
                    if one.responded_at and one.responded_at > known.published_at
                )
