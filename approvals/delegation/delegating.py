"""Who decides for whom, for a period; whoever is away by the roster has a deputy there."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from approvals.decisions.deciders import standing_in
from approvals.models import Ask, Delegation, Outcome, Step
from approvals.services import ask_and_tell


@transaction.atomic
def delegate(
    *, person: User, deputy: User, starts_at: datetime, ends_at: datetime, by: User, now: datetime
) -> Delegation:
    """Let ``deputy`` decide what ``person`` is asked; open steps ask them too when it runs already."""
    made = Delegation.objects.create(
        person=person, deputy=deputy, starts_at=starts_at, ends_at=ends_at, made_by=by, made_at=now
    )
    if starts_at <= now < ends_at:
        ask_deputies(person, now)
    return made


def ask_deputies(person: User, now: datetime) -> None:
    """Ask whoever stands in for ``person`` in every step that waits for them."""
    steps = Step.objects.filter(outcome=Outcome.OPEN, slots__asks__person=person, slots__asks__waits=True)
    for step in steps.select_related("round__ticket").distinct():
        ask_and_tell(step, step.round.ticket, now)


def follow_deputies(now: datetime) -> None:
    """Whoever stands in from now on is asked what waits; whoever did until now is not asked any more. Idempotent."""
    now_in = _standing_in(now)
    asked = Ask.objects.filter(waits=True, for_person__isnull=False, slot__step__outcome=Outcome.OPEN)
    pairs = set(asked.values_list("person_id", "for_person_id"))
    for deputy, person in pairs - now_in:
        asked.filter(person_id=deputy, for_person_id=person).update(waits=False)
    waiting = Ask.objects.filter(waits=True, for_person=None).values("person_id")
    for person in User.objects.filter(pk__in={key for _deputy, key in now_in - pairs}).filter(pk__in=waiting):
        ask_deputies(person, now)


def _standing_in(now: datetime) -> set[tuple[int, int]]:
    """(deputy, person) of this moment, named or by the roster. Two queries."""
    named, away = standing_in(now)
    return {*named.values_list("deputy_id", "person_id"), *away.values_list("deputy_id", "user_id")}


def end_delegation(*, delegation: Delegation, now: datetime) -> None:
    """One that began ends now, one to come is dropped."""
    if delegation.starts_at >= now:
        delegation.delete()
    else:
        Delegation.objects.filter(pk=delegation.pk, ends_at__gt=now).update(ends_at=now)
    follow_deputies(now)


def delegations_of(user: User, now: datetime) -> list[Delegation]:
    """What ``user`` delegated, now or to come, and for whom ``user`` decides at ``now``, in order. One query."""
    mine, theirs = Q(person=user), Q(deputy=user, starts_at__lte=now)
    found = Delegation.objects.filter(mine | theirs, ends_at__gt=now)
    return list(found.select_related("person", "deputy"))
