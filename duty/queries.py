"""Rosters as plans, loaded in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import SupportGroup, User
from duty.models import Absence, Override, Roster
from duty.turns import Plan, Turn

#: How far ahead "next" is looked for.
AHEAD = timedelta(days=60)
#: Rows are loaded so much further on both sides, so that a span is told with its own beginning and end.
BEYOND = timedelta(days=62)


@dataclass(frozen=True)
class Standing:
    """Who is on duty in a group now, and who follows."""

    roster: Roster
    now: Turn | None
    next: Turn | None


def plans_of(rosters: Iterable[Roster], begin: datetime, end: datetime) -> dict[int, Plan]:
    """Plans by roster id for the span; rosters must come from ``loaded()``. One query for absences."""
    rosters = list(rosters)
    begin, end = begin - BEYOND, end + BEYOND
    absences: defaultdict[int, list[Absence]] = defaultdict(list)
    rows = Absence.objects.filter(ends_at__gt=begin, starts_at__lt=end).select_related("user", "deputy")
    for row in rows if rosters else ():
        absences[row.user_id].append(row)
    return {roster.pk: _plan(roster, begin, end, absences) for roster in rosters}


def _plan(roster: Roster, begin: datetime, end: datetime, absences: Mapping[int, list[Absence]]) -> Plan:
    members = [place.user for place in roster.places.all()]
    overrides = [row for row in roster.overrides.all() if row.ends_at > begin and row.starts_at < end]
    return Plan(
        period=roster.period,
        starts_on=roster.starts_on,
        handover=roster.handover,
        zone=roster.time_zone,
        members=members,
        known_from=begin,
        known_until=end,
        overrides=overrides,
        absences=_concerned(absences, {user.pk for user in (*members, *(row.user for row in overrides))}),
    )


def _concerned(absences: Mapping[int, list[Absence]], people: set[int]) -> dict[int, list[Absence]]:
    """Absences of ``people`` and of those who would stand in for them: nobody else's touches the roster."""
    own = [row for person in people for row in absences.get(person, ())]
    keys = people | {row.deputy_id for row in own if row.deputy_id}
    return {key: absences[key] for key in keys if key in absences}


def standings(rosters: Iterable[Roster], now: datetime) -> list[Standing]:
    """Who is on duty at ``now`` in each roster, and who is next."""
    rosters = list(rosters)
    plans = plans_of(rosters, now, now + AHEAD)
    return [Standing(roster, *_now_and_next(plans[roster.pk], now)) for roster in rosters]


def _now_and_next(plan: Plan, now: datetime) -> tuple[Turn | None, Turn | None]:
    turns = list(plan.between(now, now + AHEAD))
    first = turns[0] if turns and turns[0].user else None
    following = next((turn for turn in turns if turn.user and turn.start > now and turn.user != _who(first)), None)
    return first, following


def _who(turn: Turn | None) -> User | None:
    return turn.user if turn else None


def standing_of(group: SupportGroup | None, now: datetime) -> Standing | None:
    """Who is on duty in ``group`` at ``now``, and who is next; None without a roster. At most five queries."""
    rosters = Roster.objects.loaded().filter(group=group) if group else []
    return next(iter(standings(rosters, now)), None)


def turn_at(group: SupportGroup, at: datetime) -> Turn | None:
    """Who has the group's duty at ``at``; None without a roster. At most five queries."""
    roster = Roster.objects.loaded().filter(group=group).first()
    if roster is None:
        return None
    return plans_of([roster], at, at + timedelta(seconds=1))[roster.pk].on_duty(at)


def upcoming_overrides(roster: Roster, now: datetime) -> list[Override]:
    """Stand-ins and swaps that are not over."""
    return list(roster.overrides.filter(ends_at__gt=now).select_related("user", "made_by"))


def upcoming_absences(roster: Roster, now: datetime) -> list[Absence]:
    """Absences of the roster's members that are not over."""
    members = roster.places.values_list("user_id", flat=True)
    rows = Absence.objects.filter(user_id__in=list(members), ends_at__gt=now)
    return list(rows.select_related("user", "deputy", "made_by"))
