"""Which changes get in one another's way, graded, with reasons (CHG-05). Windows are half open.

*hard*: a freeze; too many nodes of a redundant group, taken by two changes or more at one moment, those counted that
are down already, also by an open major incident; the same person in two places; another's point of no return on the
same or dependent items. *soft*: the same or a dependent configuration item; outside the maintenance windows of its
systems; an open major incident. *note*: the same system. Its systems are the one that it names and those of its items.
Cancelled, rejected and finished ones never collide; those being implemented do from their real start until they are,
also past their end. Whoever reports a delay holds the window until the end that is expected now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.collision import redundancy
from changes.collision.majors import Major, items_and_systems, open_majors
from changes.collision.meeting import meetings
from changes.collision.redundancy import Estate
from changes.models import STILL, Change, PlanStep
from changes.schedule.freezes import Years, freezes_between
from changes.schedule.maintenance import Windows, lies_within, windows_of
from changes.schedule.windows import Window
from changes.states import ENDED, States
from cmdb.models import BusinessSystem

#: Nobody knows how long a major incident lasts: for what begins later than this it does not count yet.
MAJOR_LASTS = timedelta(days=2)
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
    REDUNDANCY = "redundancy", _("Too many nodes of a redundant group")
    AWAY = "away", _("Another node is down or in maintenance already")
    PERSON = "person", _("The same person")
    NO_RETURN = "no_return", _("The point of no return of another change")
    MAINTENANCE = "maintenance", _("Outside the maintenance windows")
    ITEM = "item", _("The same configuration item")
    DEPENDENT = "dependent", _("A dependent configuration item")
    INCIDENT = "incident", _("An open major incident")
    SYSTEM = "system", _("The same business system")


GRADE_TONES = {Grade.HARD: "late", Grade.SOFT: "soon", Grade.NOTE: "neutral"}
ORDER = {Grade.HARD: 0, Grade.SOFT: 1, Grade.NOTE: 2}


@dataclass(frozen=True)
class Collision:
    """``change`` gets in the way of ``other``, of an open ``incident``, or stands in a freeze; ``what`` they share.

    ``what``: people, systems, a freeze rule, identifiers of items; each as the reader's language says it.
    ``items``, ``systems``: their keys, by which they are read together at the end (``named``).
    """

    grade: Grade
    reason: Reason
    change: Change
    starts_at: datetime
    ends_at: datetime
    other: Change | None = None
    incident: Any = None
    freeze: Any = None
    what: tuple[Any, ...] = ()
    items: frozenset[int] = frozenset()
    systems: frozenset[str] = frozenset()

    @property
    def about(self) -> Any:
        """The ticket that it gets in the way of; None for a freeze."""
        return self.other or self.incident

    @property
    def owner(self) -> Any:
        """Whom to talk to: who asked for the other change, who handles the incident."""
        return self.other.requester if self.other else self.incident.assignee if self.incident else None

    @property
    def names(self) -> list[str]:
        """Names of what they share, in the active language."""
        return [str(one) for one in self.what]


@dataclass(frozen=True)
class Loaded:
    """A change with what collisions are about: keys of items and systems; (person, from, to) of whoever is busy."""

    change: Change
    start: datetime
    end: datetime
    items: frozenset[int]
    systems: frozenset[str]
    busy: tuple[tuple[User, datetime, datetime], ...]
    no_return: datetime | None = None


@dataclass
class Rules:
    """What one question needs, read once: the estate, freezes by year, windows by system, open major incidents."""

    estate: Estate
    years: Years = field(default_factory=Years)
    windows: Windows = field(default_factory=dict)
    majors: list[Major] = field(default_factory=list)
    majors_until: datetime | None = None

    def majors_for(self, row: Loaded) -> list[Major]:
        """The incidents that count for ``row``."""
        return self.majors if self.majors_until is not None and row.start < self.majors_until else []


def rules_for(rows: Iterable[Loaded], estate: Estate, now: datetime | None) -> Rules:
    """The maintenance windows that count for ``rows``; freezes are read when they are asked for.

    ``now``: major incidents that are open now count for what begins within the time after it; None: none counts.
    """
    windows = windows_of(system for row in rows for system in row.systems)
    if now is None:
        return Rules(estate, windows=windows)
    return Rules(estate, windows=windows, majors=open_majors(), majors_until=now + MAJOR_LASTS)


def load(changes: Iterable[Change], now: datetime, *, as_planned: bool = False) -> list[Loaded]:
    """Read items and people of ``changes`` as they stand at ``now``: three queries for any number.

    ``as_planned``: in their windows, also where they are carried out at another time.
    """
    spans = {one: _span(one, now, as_planned=as_planned) for one in changes}
    rows = {one: (start, end) for one, (start, end) in spans.items() if start and end}
    keys = [one.pk for one in rows]
    items, systems = items_and_systems(rows)
    steps: dict[int, list[PlanStep]] = defaultdict(list)
    for step in PlanStep.objects.filter(change__in=keys).select_related("person"):
        steps[step.change_id].append(step)
    return [
        Loaded(one, *span, items[one.pk], systems[one.pk], _busy(one, span, steps[one.pk], now), one.no_return_at)
        for one, span in rows.items()
    ]


def _span(change: Change, now: datetime, *, as_planned: bool) -> Window:
    """From when until when ``change`` counts; what is over counts as it was planned (``over``)."""
    if change.state not in STANDING:
        return change.planned_start, change.planned_end
    return (change.planned_start, change.stands_until) if as_planned else change.span_at(now)


def _busy(
    change: Change, span: tuple[datetime, datetime], steps: list[PlanStep], now: datetime
) -> tuple[tuple[User, datetime, datetime], ...]:
    """Whoever is busy with it; a step that is not done when it should be takes as long as its change.

    Its implementer throughout, unless it has steps: then in those that name nobody else.
    """
    start, end = span
    running = change.state == States.IMPLEMENTING

    def until(step: PlanStep) -> datetime:
        late = running and step.ended_at is None and step.planned_to is not None and step.planned_to <= now
        return end if late or step.planned_to is None else step.planned_to

    spans = [(step.person or change.assignee, step.planned_from or start, until(step)) for step in steps]
    busy = [(person, begin, over) for person, begin, over in spans if person is not None]
    if change.assignee is not None and not steps:
        return ((change.assignee, start, end),)
    return tuple(busy)


def standing_between(
    start: datetime, end: datetime, now: datetime, states: Iterable[str] = STANDING
) -> models.QuerySet[Change]:
    """Changes that can collide and that stand in the span as seen at ``now``."""
    found = Change.objects.filter(stands_between(start, end, now), state__in=tuple(states))
    related = ("assignee", "requester", "business_system", "change_type", "template_version__template")
    return found.select_related(*related).order_by("planned_start", "pk")


def stands_between(start: datetime, end: datetime, now: datetime) -> Q:
    """Whether what has not ended stands in the span as seen at ``now``: ``Change.span_at`` as a condition.

    It may let through what ``span_at`` does not; what has ended counts as it was planned.
    """
    lasts = Q(planned_end__gt=start) | Q(expected_end__gt=start, state__in=STANDING)
    begun_here = Q(external_system="") | Q(checked_at__isnull=False)
    running = Q(actual_start__lt=end, actual_end=None) & begun_here
    still = running if start < now + STILL else running & lasts
    return Q(planned_start__lt=end) & lasts | still


def collisions_of(change: Change, now: datetime, known: Estate | None = None) -> list[Collision]:
    """Everything that ``change`` collides with as seen at ``now``, the worst first; nothing without a window."""
    return collisions_within(change, now, None, known) or []


def collisions_within(
    change: Change, now: datetime, most: int | None, known: Estate | None = None
) -> list[Collision] | None:
    """As ``collisions_of``; None for a change of more than ``most`` items, which is left to who has the time."""
    loaded = load([change], now)
    if not loaded:
        return []
    [own] = loaded
    if most is not None and len(own.items) > most:
        return None
    return found_of(own, now, known)


def found_of(own: Loaded, now: datetime, known: Estate | None = None) -> list[Collision]:
    """What ``own`` collides with where it stands, the worst first."""
    others = load(standing_between(own.start, own.end, now).exclude(pk=own.change.pk), now)
    with redundancy.estate(known) as estate:
        found = list(against(own, others, rules_for([own], estate, now)))
    return named(found)


def against(own: Loaded, others: Sequence[Loaded], rules: Rules) -> Iterator[Collision]:
    """Each rule, on ``own`` and whatever of ``others`` overlaps it."""
    yield from alone(own, rules)
    meeting = [other for other in others if other.start < own.end and other.end > own.start]
    for other in meeting:
        yield from pair(own, other, rules)
    yield from together(own, meeting, rules)


def collisions_between(start: datetime, end: datetime, now: datetime, *, over: bool = False) -> list[Collision]:
    """Every collision of changes whose window overlaps the span; each pair once.

    ``over``: also of those that were carried out, as if they still stood: how a log of the past is graded.
    """
    found_rows = load(standing_between(start, end, now, (*STANDING, *ENDED) if over else STANDING), now)
    rows = sorted((row for row in found_rows if row.start < end and row.end > start), key=lambda row: row.start)
    with redundancy.estate() as estate:
        rules = rules_for(rows, estate, None if over else now)
        found = [one for row in rows for one in alone(row, rules)]
        beside: dict[int, list[Loaded]] = defaultdict(list)
        for row, other in meetings(rows, estate):
            found += pair(row, other, rules)
            beside[row.change.pk].append(other)
            beside[other.change.pk].append(row)
        crowds = (one for row in rows for one in together(row, beside[row.change.pk], rules))
        found += [one for one in crowds if one.other is not None and one.change.pk < one.other.pk]
    return named(found)


def shares(
    found: Iterable[Collision], start: datetime, end: datetime, now: datetime, *, over: bool = False
) -> dict[str, Any]:
    """How many changes of the span collide, by grade, and how many pairs: what ``found`` means as numbers."""
    total = standing_between(start, end, now, (*STANDING, *ENDED) if over else STANDING).count()
    touched: dict[str, set[int]] = {grade: set() for grade in Grade.values}
    pairs = dict.fromkeys(Grade.values, 0)
    for one in found:
        touched[one.grade] |= {row.pk for row in (one.change, one.other) if row is not None}
        pairs[one.grade] += 1
    by_grade = {grade: {"changes": len(rows), "pairs": pairs[grade]} for grade, rows in touched.items()}
    return {"changes": total, **by_grade}


def named(found: list[Collision]) -> list[Collision]:
    """The worst first, with the names of items and systems: one query for all of either."""
    names = redundancy.names_of(frozenset().union(*(one.items for one in found)))
    keys = sorted(frozenset().union(*(one.systems for one in found)))
    systems = BusinessSystem.objects.in_bulk(keys) if keys else {}

    def said(one: Collision) -> Collision:
        if one.items:
            return replace(one, what=tuple(sorted(names[key] for key in one.items if key in names)[:SHOWN]))
        return replace(one, what=tuple(systems[key] for key in sorted(one.systems))) if one.systems else one

    return sorted(map(said, found), key=lambda one: (ORDER[one.grade], one.starts_at))


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
            what=(freeze.rule,),
        )
    if away := rules.estate.down_with_what_is_away(row.items):
        yield Collision(Grade.HARD, Reason.AWAY, row.change, row.start, row.end, items=away)
    windows = ((system, rules.windows.get(system)) for system in row.systems)
    beside = {system for system, own in windows if own and not lies_within(own, row.start, row.end)}
    if beside:
        yield Collision(Grade.SOFT, Reason.MAINTENANCE, row.change, row.start, row.end, systems=frozenset(beside))
    for major in rules.majors_for(row):
        yield from _with_incident(row, major, rules)


def _with_incident(row: Loaded, major: Major, rules: Rules) -> Iterator[Collision]:
    """What an open major incident says to a change: its node is down already, or what both touch is being repaired."""
    shared: dict[str, Any] = {"change": row.change, "starts_at": row.start, "ends_at": row.end}
    if both := rules.estate.down_together(row.items, major.items):
        yield Collision(Grade.HARD, Reason.AWAY, items=both, incident=major.ticket, **shared)
    same = row.items & major.items or rules.estate.dependent(row.items, major.items)
    if same:
        yield Collision(Grade.SOFT, Reason.INCIDENT, items=same, incident=major.ticket, **shared)
    elif systems := row.systems & major.systems:
        yield Collision(Grade.SOFT, Reason.INCIDENT, systems=systems, incident=major.ticket, **shared)


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
    if systems := one.systems & other.systems:
        yield Collision(Grade.NOTE, Reason.SYSTEM, systems=systems, **shared)


def together(own: Loaded, others: Sequence[Loaded], rules: Rules) -> Iterator[Collision]:
    """What more than two take down together at one moment, each a node of a redundant group, open majors counted.

    No two of them do it: that is said of each pair already.
    """
    down = frozenset().union(*(major.items for major in rules.majors_for(own)))
    part = {other: rules.estate.degraded_with(own.items, other.items) for other in others}
    sharing = [other for other in others if part[other]]
    met: dict[Loaded, tuple[frozenset[int], datetime, datetime]] = {}
    for moment in sorted({max(own.start, other.start) for other in sharing}):
        here = [other for other in sharing if other.start <= moment < other.end]
        taken = rules.estate.down_in_a_crowd(own.items, [other.items for other in here], down)
        until = min([own.end, *(other.end for other in here)])
        for other in here:
            if other not in met and part[other] & taken:
                met[other] = (part[other] & taken, moment, until)
    for other, (items, begin, end) in met.items():
        shared: dict[str, Any] = {"change": own.change, "starts_at": begin, "ends_at": end, "other": other.change}
        yield Collision(Grade.HARD, Reason.REDUNDANCY, items=items, **shared)


def _within(moment: datetime | None, begin: datetime, end: datetime) -> bool:
    return moment is not None and begin <= moment < end


def _people(one: Loaded, other: Loaded) -> tuple[User, ...]:
    """Those who would be in two places."""
    found = {
        person
        for person, start, end in one.busy
        for busy, begin, until in other.busy
        if person == busy and start < until and begin < end
    }
    return tuple(sorted(found, key=lambda person: person.pk))
