"""What waits for the decision of somebody who is switched off, and delegations that end with them (CHG-02, INC-22)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.leaving import Held, names_of
from accounts.models import User
from accounts.signals import held_by, switched_off
from approvals.delegation.delegating import end_delegation
from approvals.models import Ask, DeciderKind, Delegation, Outcome, PolicyDecider, Step
from approvals.notices import tell
from approvals.services import ask_who_may
from tickets.models import Ticket

DECISION, DELEGATION = _("Decision that is waited for"), _("Delegation")
PLACE = _("Place in an approval policy")


@receiver(held_by)
def held_decisions(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Steps that wait for somebody, places in policies, and delegations by and to them."""
    steps = [Held("approval", DECISION, _name(step.round.ticket)) for step in _steps(user)]
    places = [Held("policy", PLACE, f"{one.policy} {one.step}") for one in _places(user)]
    return steps + places + [Held("delegation", DELEGATION, _of(row)) for row in _delegations(user, now)]


@receiver(switched_off)
def hand_on_decisions(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Whoever else may fill the place is asked, else the substitute of the policy; nobody's vote is given for them.

    Places in policies stay: who decides instead is said by administrators, and until then their substitute is asked.
    """
    ended = []
    for row in _delegations(user, now):
        ended.append(Held("delegation", DELEGATION, _of(row), pgettext("delegation", "ended")))
        end_delegation(delegation=row, now=now)
    places = [Held("policy", PLACE, f"{one.policy} {one.step}", _substitute(one)) for one in _places(user)]
    return [_ask_others(step, user, now) for step in _steps(user)] + places + ended


def _places(user: User) -> QuerySet[PolicyDecider]:
    """Places of policies in use that name ``user``."""
    found = PolicyDecider.objects.filter(person=user, kind=DeciderKind.PERSON, policy__active=True)
    return found.select_related("policy").order_by("policy_id", "step", "pk")


def _substitute(one: PolicyDecider) -> str:
    """Who is asked in the place of the person; empty when the step names nobody."""
    step = one.policy.steps.filter(position=one.step).select_related("substitute_role").first()
    return str(step.substitute_role or "") if step else ""


def _steps(user: User) -> list[Step]:
    """Open steps in which ``user`` is asked, in order."""
    waits = Step.objects.filter(outcome=Outcome.OPEN, slots__asks__in=_asks(user))
    return list(waits.select_related("round__ticket").distinct().order_by("pk"))


def _asks(user: User) -> QuerySet[Ask]:
    """What waits for ``user``, and for whoever decides for them."""
    return Ask.objects.filter(Q(person=user) | Q(for_person=user), waits=True)


def _ask_others(step: Step, user: User, now: datetime) -> Held:
    made = step.round
    ticket = Ticket.objects.select_for_update(no_key=True).get(pk=made.ticket_id)
    _asks(user).filter(slot__step=step).update(waits=False)
    fresh = ask_who_may(step, made, ticket, now)
    tell("approval_asked", made, fresh, now=now, text=made.text, key=f"{step.position}:left:{user.pk}")
    asked = User.objects.filter(approval_asks__slot__step=step, approval_asks__waits=True).distinct().order_by("pk")
    return Held("approval", DECISION, _name(ticket), names_of(asked))


def _delegations(user: User, now: datetime) -> list[Delegation]:
    found = Delegation.objects.filter(Q(person=user) | Q(deputy=user), ends_at__gt=now)
    return list(found.select_related("person", "deputy").order_by("pk"))


def _of(row: Delegation) -> str:
    return f"{row.person.display_name} → {row.deputy.display_name}"


def _name(ticket: Ticket) -> str:
    return f"{ticket.number} {ticket.summary}"
