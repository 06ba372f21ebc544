"""Which changes get in one another's way, graded, with reasons (CHG-05). Windows are half open.

*hard*: a freeze; both nodes of a redundant pair, one already down counted, also by an open major incident; the same
person in two places; another's point of no return on the same or dependent items. *soft*: the same or a dependent
configuration item; outside the maintenance windows of its system; an open major incident. *note*: the same system.
Cancelled, rejected and finished ones never collide; those being implemented do until they are. Whoever reports a delay
holds the window until the end that is expected now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from changes.collision import redundancy
from changes.collision.majors import Major, open_majors
from changes.collision.meeting import meetings
from changes.collision.redundancy import Estate
from changes.models import Change, CollisionOverride, PlanStep
from changes.schedule.freezes import Years, freezes_between
from changes.schedule.maintenance import Windows, lies_within, windows_of
from changes.states import ENDED, States
from tickets.models import AffectedItem

#: So many names of shared items are told.
SHOWN = 50
#: In these states a change with a window can collide.
STANDING = (
    States.SUBMITTED,
    States.ACCEPTED,
    States.ASSESSED,
    States.APPROVING,
    States.SCHEDULED,
    States.IMPLEMENTING,
)


class Grade(models.TextChoices):
    """How bad a collision is."""

    HARD = "hard", _("Hard")
    SOFT = "soft", _("Soft")
    NOTE = "note", _("Note")


class Reason(models.TextChoices):
    """Why two things collide."""

    FREEZE = "freeze", _("Freeze window")
    REDUNDANCY = "redundancy", _("Both nodes of a redundant pair")
    AWAY = "away", _("Another node is down or in maintenance already")
    PERSON = "person", _("The same person")
    NO_RETURN = "no_return", _("The point of no return of another change")
    MAINTENANCE = "maintenance", _("Outside the maintenance windows")
    ITEM = "item", _("The same configuration item")
    DEPENDENT = "dependent", _("A dependent configuration item")
    INCIDENT = "incident", _("An open major incident")
    SYSTEM = "system", _("The same business system")


ORDER = {Grade.HARD: 0, Grade.SOFT: 1, Grade.NOTE: 2}


@dataclass(frozen=True)
class Collision:
    """``change`` gets in the way of ``other``, of an open ``incident``, or stands in a freeze; ``what`` they share.

    ``items``: keys of the items among it, whose names are read together at the end (``named``).
    """

    grade: Grade
    reason: Reason
    change: Change
    starts_at: datetime
    ends_at: datetime
    other: Change | None = None
    incident: Any = None
    freeze: Any = None
    what: list[str] = field(default_factory=list)
    items: frozenset[int] = frozenset()

    @property
    def about(self) -> Any:
        """The ticket that it gets in the way of; None for a freeze."""
        return self.other or self.incident

    @property
    def owner(self) -> Any:
        """Whom to talk to: who asked for the other change, who handles the incident."""
        return self.other.requester if self.other else self.incident.assignee if self.incident else None


@dataclass(frozen=True)
class Loaded:
    """A change with what collisions are about: keys of items; (person, name, from, to) of whoever is busy."""

    change: Change
    start: datetime
    end: datetime
    items: frozenset[int]
    busy: tuple[tuple[int, str, datetime, datetime], ...]
    no_return: datetime | None = None


@dataclass
class Rules:
    """What one question needs, read once: the estate, freezes by year, windows by system, open major incidents."""

    estate: Estate
    years: Years = field(default_factory=Years)
    windows: Windows = field(default_factory=dict)
    majors: list[Major] = field(default_factory=list)


def rules_for(rows: Iterable[Loaded], estate: Estate, *, majors: bool = True) -> Rules:
    """The maintenance windows that count for ``rows``; freezes are read when they are asked for.

    ``majors``: whether incidents count that are open now; nobody knows until when.
    """
    systems = (row.change.business_system_id for row in rows)
    windows = windows_of(str(system) for system in systems if system)
    return Rules(estate, windows=windows, majors=open_majors() if majors else [])


def load(changes: Iterable[Change]) -> list[Loaded]:
    """Read items and people of ``changes``: three queries for any number."""
    rows = [one for one in changes if one.planned_start and one.planned_end]
    keys = [one.pk for one in rows]
    items: dict[int, set[int]] = defaultdict(set)
    for ticket, item in AffectedItem.objects.filter(ticket__in=keys).values_list("ticket_id", "item_id"):
        items[ticket].add(item)
    steps: dict[int, list[PlanStep]] = defaultdict(list)
    for step in PlanStep.objects.filter(change__in=keys, person__isnull=False).select_related("person"):
        steps[step.change_id].append(step)
    return [_loaded(one, frozenset(items[one.pk]), steps[one.pk]) for one in rows]


def _loaded(change: Change, items: frozenset[int], steps: list[PlanStep]) -> Loaded:
    start, end = change.planned_start, change.stands_until if change.state in STANDING else change.planned_end
    if start is None or end is None:
        raise ValueError("A change without a window collides with nothing.")
    busy = [
        (step.person.pk, step.person.display_name, step.planned_from or start, step.planned_to or end)
        for step in steps
        if step.person is not None
    ]
    if change.assignee is not None:
        busy.append((change.assignee.pk, change.assignee.display_name, start, end))
    return Loaded(change, start, end, items, tuple(busy), change.no_return_at)


def standing_between(start: datetime, end: datetime, states: Iterable[str] = STANDING) -> models.QuerySet[Change]:
    """Changes that can collide and whose window overlaps the span; a delay that was reported lengthens it."""
    runs = Q(planned_end__gt=start) | Q(expected_end__gt=start, state__in=STANDING)
    found = Change.objects.filter(runs, state__in=tuple(states), planned_start__lt=end)
    related = ("assignee", "requester", "business_system", "change_type", "template_version__template")
    return found.select_related(*related).order_by("planned_start", "pk")


def collisions_of(change: Change, known: Estate | None = None) -> list[Collision]:
    """Everything that ``change`` collides with, the worst first; nothing without a window."""
    return collisions_within(change, None, known) or []


def collisions_within(change: Change, most: int | None, known: Estate | None = None) -> list[Collision] | None:
    """As ``collisions_of``; None for a change of more than ``most`` items, which is left to who has the time."""
    if not change.planned_start or not change.planned_end:
        return []
    [own] = load([change])
    if most is not None and len(own.items) > most:
        return None
    others = load(standing_between(own.start, own.end).exclude(pk=change.pk))
    with redundancy.estate(known) as estate:
        rules = rules_for([own], estate)
        found = [*alone(own, rules), *(one for other in others for one in pair(own, other, rules))]
    return named(found)


def collisions_between(start: datetime, end: datetime, *, over: bool = False) -> list[Collision]:
    """Every collision of changes whose window overlaps the span; each pair once.

    ``over``: also of those that were carried out, as if they still stood: how a log of the past is graded.
    """
    rows = load(standing_between(start, end, (*STANDING, *ENDED) if over else STANDING))
    with redundancy.estate() as estate:
        rules = rules_for(rows, estate, majors=not over)
        found = [one for row in rows for one in alone(row, rules)]
        for row, other in meetings(rows, estate):
            found += pair(row, other, rules)
    return named(found)


def shares(found: Iterable[Collision], start: datetime, end: datetime, *, over: bool = False) -> dict[str, Any]:
    """How many changes of the span collide, by grade, and how many pairs: what ``found`` means as numbers."""
    total = standing_between(start, end, (*STANDING, *ENDED) if over else STANDING).count()
    touched: dict[str, set[int]] = {grade: set() for grade in Grade.values}
    pairs = dict.fromkeys(Grade.values, 0)
    for one in found:
        touched[one.grade] |= {row.pk for row in (one.change, one.other) if row is not None}
        pairs[one.grade] += 1
    by_grade = {grade: {"changes": len(rows), "pairs": pairs[grade]} for grade, rows in touched.items()}
    return {"changes": total, **by_grade}


def named(found: list[Collision]) -> list[Collision]:
    """The worst first, with the names of items: one query for all."""
    names = redundancy.names_of(frozenset().union(*(one.items for one in found)))
    said = (
        replace(one, what=sorted(names[key] for key in one.items if key in names)[:SHOWN]) if one.items else one
        for one in found
    )
    return sorted(said, key=lambda one: (ORDER[one.grade], one.starts_at))


def alone(row: Loaded, rules: Rules) -> Iterator[Collision]:
    """What stands against a change whatever else is planned."""
    for freeze in freezes_between(row.start, row.end, rules.years):
        yield Collision(
            Grade.HARD,
            Reason.FREEZE,
            row.change,
            max(row.start, freeze.starts_at),
            min(row.end, freeze.ends_at),
            freeze=freeze,
            what=[freeze.rule.name],
        )
    if away := rules.estate.down_with_what_is_away(row.items):
        yield Collision(Grade.HARD, Reason.AWAY, row.change, row.start, row.end, items=away)
    windows = rules.windows.get(str(row.change.business_system_id))
    if windows and not lies_within(windows, row.start, row.end):
        system = [str(row.change.business_system)]
        yield Collision(Grade.SOFT, Reason.MAINTENANCE, row.change, row.start, row.end, what=system)
    for major in rules.majors:
        yield from _with_incident(row, major, rules)


def _with_incident(row: Loaded, major: Major, rules: Rules) -> Iterator[Collision]:
    """What an open major incident says to a change: its node is down already, or what both touch is being repaired."""
    shared: dict[str, Any] = {"change": row.change, "starts_at": row.start, "ends_at": row.end}
    if both := rules.estate.down_together(row.items, major.items):
        yield Collision(Grade.HARD, Reason.AWAY, items=both, incident=major.ticket, **shared)
    same = row.items & major.items or rules.estate.dependent(row.items, major.items)
    system = major.ticket.business_system
    if same:
        yield Collision(Grade.SOFT, Reason.INCIDENT, items=same, incident=major.ticket, **shared)
    elif system is not None and row.change.business_system_id == major.ticket.business_system_id:
        yield Collision(Grade.SOFT, Reason.INCIDENT, what=[str(system)], incident=major.ticket, **shared)


def pair(one: Loaded, other: Loaded, rules: Rules) -> Iterator[Collision]:
    """What two changes share; they overlap."""
    begin, end = max(one.start, other.start), min(one.end, other.end)
    if begin >= end:
        return
    shared: dict[str, Any] = {"change": one.change, "starts_at": begin, "ends_at": end, "other": other.change}
    if people := _people(one, other):
        yield Collision(Grade.HARD, Reason.PERSON, what=people, **shared)
    if both := rules.estate.down_together(one.items, other.items):
        yield Collision(Grade.HARD, Reason.REDUNDANCY, items=both, **shared)
    same = one.items & other.items
    touched = same or rules.estate.dependent(one.items, other.items)
    if touched and any(_within(row.no_return, begin, end) for row in (one, other)):
        yield Collision(Grade.HARD, Reason.NO_RETURN, items=touched, **shared)
    if touched:
        yield Collision(Grade.SOFT, Reason.ITEM if same else Reason.DEPENDENT, items=touched, **shared)
    system = one.change.business_system
    if system is not None and one.change.business_system_id == other.change.business_system_id:
        yield Collision(Grade.NOTE, Reason.SYSTEM, what=[str(system)], **shared)


def _within(moment: datetime | None, begin: datetime, end: datetime) -> bool:
    return moment is not None and begin <= moment < end


def _people(one: Loaded, other: Loaded) -> list[str]:
    """Names of those who would be in two places."""
    return sorted(
        {
            name
            for key, name, start, end in one.busy
            for busy, _name, begin, until in other.busy
            if key == busy and start < until and begin < end
        }
    )


def is_overridden(change: Change) -> bool:
    """Whether somebody signed that the change goes on in its present window."""
    window = {"planned_start": change.planned_start, "planned_end": change.planned_end}
    return CollisionOverride.objects.filter(change=change, **window).exists()


def blocking(change: Change, known: Estate | None = None) -> list[Collision]:
    """Hard collisions that nobody has signed for."""
    hard = [one for one in collisions_of(change, known) if one.grade is Grade.HARD]
    return [] if hard and is_overridden(change) else hard
