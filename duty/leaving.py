"""What somebody holds in groups and rosters, and who has it when they are switched off (ORG-05, INC-22).

The lead of a group goes to the next in its roster; turns to whoever is next in order, as when somebody is away. A
place in the order stays: whoever comes back has it again. Nobody is made lead without being in the roster.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.leaving import Held, log_change, names_of
from accounts.models import SupportGroup, User
from accounts.signals import held_by, switched_off
from duty.models import Absence, Roster
from duty.moves import moved
from duty.queries import AHEAD, plans_of
from duty.signals import duty_moved
from duty.swaps import end_proposals_of, open_proposals_of
from duty.turns import Plan

LEAD, TURNS, DEPUTY, SWAP = _("Lead of the group"), _("Turns of duty"), _("Deputy of"), _("Proposed swap")


@receiver(held_by)
def held_duties(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Groups that somebody leads, rosters with turns of theirs, whom they stand in for, swaps that wait."""
    return [
        *(Held("lead", LEAD, str(group)) for group in _led(user)),
        *(Held("roster", TURNS, str(roster)) for roster in _rosters(user, now)),
        *(Held("deputy", DEPUTY, row.user.display_name) for row in _deputised(user, now)),
        *(Held("swap", SWAP, str(row.roster)) for row in open_proposals_of(user, now)),
    ]


@receiver(switched_off)
def hand_on_duties(sender: Any, user: User, by: User, now: datetime, **context: Any) -> list[Held]:
    """Everybody who gains a day is told."""
    return [
        *(_hand_on_lead(group, user, by) for group in list(_led(user))),
        *_hand_on_turns(user, by, now),
        *_end_deputising(user, now),
        *(Held("swap", SWAP, str(row.roster)) for row in end_proposals_of(user, by=by, now=now)),
    ]


def _led(user: User) -> QuerySet[SupportGroup]:
    return SupportGroup.objects.filter(lead=user).select_related("roster").order_by("code")


def _hand_on_lead(group: SupportGroup, user: User, by: User) -> Held:
    group.lead = _next_in_roster(group, user)
    group.save(update_fields=["lead"])
    log_change(group, {"lead": [user.display_name, names_of([group.lead])]}, by)
    return Held("lead", LEAD, str(group), names_of([group.lead]))


def _next_in_roster(group: SupportGroup, user: User) -> User | None:
    """Whoever has the next place after ``user``, or the first when they had none; None: nobody else is there."""
    roster = Roster.objects.filter(group=group).first()
    order = [place.user for place in roster.places.select_related("user")] if roster else []
    keys = [person.pk for person in order]
    start = keys.index(user.pk) + 1 if user.pk in keys else 0
    return next((person for person in [*order[start:], *order[:start]] if person.is_active), None)


def _rosters(user: User, now: datetime) -> list[Roster]:
    """Rosters in which ``user`` has a place, or stands in from now on."""
    stands_in = Q(overrides__user=user, overrides__ends_at__gt=now)
    found = Roster.objects.filter(Q(places__user=user) | stands_in).distinct()
    return list(Roster.objects.loaded().filter(pk__in=found))


def _hand_on_turns(user: User, by: User, now: datetime) -> Iterator[Held]:
    rosters, end = _rosters(user, now), now + AHEAD
    before, after = plans_of(_rosters(user, now), now, end), plans_of(rosters, now, end)
    for roster in rosters:
        found = moved(_as_if_there(before[roster.pk], user), after[roster.pk], now, end)
        heirs = [person for key, person in found.people.items() if key != user.pk] if found else []
        yield Held("roster", TURNS, str(roster), names_of(heirs))
        readers = [person for person in heirs if person != by]
        if found and readers:
            days = (found.start, found.end)
            duty_moved.send(Roster, roster=roster, people=readers, by=by, span=days, note="", now=now)


def _as_if_there(plan: Plan, user: User) -> Plan:
    """The plan before ``user`` was switched off."""
    for person in (*plan.members, *(row.user for row in plan.overrides)):
        if person.pk == user.pk:
            person.is_active = True
    return plan


def _deputised(user: User, now: datetime) -> QuerySet[Absence]:
    return Absence.objects.filter(deputy=user, ends_at__gt=now).select_related("user").order_by("pk")


def _end_deputising(user: User, now: datetime) -> list[Held]:
    """Their turns go to the next in order."""
    rows = list(_deputised(user, now))
    Absence.objects.filter(pk__in=[row.pk for row in rows]).update(deputy=None)
    return [Held("deputy", DEPUTY, row.user.display_name) for row in rows]
