"""Who may fill a place of a step right now, and who stands in for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.models import SupportGroup, User
from approvals.models import Delegation
from duty.models import Absence
from duty.services import on_duty
from tickets.models import Ticket


@dataclass(frozen=True)
class Entitled:
    """Somebody who may decide, for themselves or as the recorded delegate of ``for_person``."""

    person: User
    for_person: User | None = None


def named_by(who: dict[str, Any], ticket: Ticket, at: datetime) -> list[User]:
    """The active people whom a place of a policy means at ``at``."""
    found = _FINDERS[who["kind"]](who, ticket, at)
    unique = {person.pk: person for person in found if person is not None and person.is_active}
    return list(unique.values())


def instead_of(who: dict[str, Any]) -> dict[str, Any]:
    """The place as the policy means it where nobody may decide who is found there."""
    return {**who, "kind": who["otherwise"], "otherwise": ""}


def entitled(who: dict[str, Any], ticket: Ticket, at: datetime) -> list[Entitled]:
    """Whoever may fill the place at ``at``: those it names, and their delegates of that moment."""
    own = named_by(who, ticket, at)
    return [*(Entitled(person) for person in own), *delegates_of(own, at)]


def delegates_of(people: Iterable[User], at: datetime) -> list[Entitled]:
    """Those who stand in for ``people`` at ``at``: named ones, and deputies of who is away. Two queries."""
    by_key = {person.pk: person for person in people}
    named, away = standing_in(at)
    pairs = [(row.deputy, row.person_id) for row in named.filter(person__in=by_key).select_related("deputy")]
    pairs += [(row.deputy, row.user_id) for row in away.filter(user__in=by_key).select_related("deputy") if row.deputy]
    unique = {(deputy.pk, key): Entitled(deputy, by_key[key]) for deputy, key in pairs if deputy.pk != key}
    return list(unique.values())


def standing_in(at: datetime) -> tuple[QuerySet[Delegation], QuerySet[Absence]]:
    """Delegations and absences by which somebody decides for another at ``at``: none that the deputy recorded."""
    spans = Q(starts_at__lte=at, ends_at__gt=at, deputy__is_active=True) & ~Q(made_by=F("deputy"))
    return Delegation.objects.filter(spans), Absence.objects.filter(spans)


def _role(who: dict[str, Any], ticket: Ticket, at: datetime) -> Iterable[User | None]:
    return User.objects.active().filter(roles__code=who["role"], roles__active=True).order_by("username")


def _right(who: dict[str, Any], ticket: Ticket, at: datetime) -> Iterable[User | None]:
    """Those who have the right and see the ticket: a right about tickets reaches no further."""
    held = User.objects.active().holding(who["permission"])
    seeing = Ticket.objects.filter(pk=ticket.pk)
    return [one for one in held.order_by("username") if seeing.visible_to(one).exists()]


def _group_of(who: dict[str, Any], ticket: Ticket) -> SupportGroup | None:
    return SupportGroup.objects.filter(code=who["group"]).first() if who.get("group") else ticket.group


def _lead(who: dict[str, Any], ticket: Ticket, at: datetime) -> Iterable[User | None]:
    group = _group_of(who, ticket)
    return [group.lead] if group else []


def _duty(who: dict[str, Any], ticket: Ticket, at: datetime) -> Iterable[User | None]:
    return [on_duty(_group_of(who, ticket), at)]


def _manager(who: dict[str, Any], ticket: Ticket, at: datetime) -> Iterable[User | None]:
    department = ticket.requester.department if ticket.requester else None
    return [department.manager] if department else []


_FINDERS: dict[str, Callable[[dict[str, Any], Ticket, datetime], Iterable[User | None]]] = {
    "person": lambda who, ticket, at: User.objects.active().filter(username=who["person"]),
    "role": _role,
    "permission": _right,
    "group_lead": _lead,
    "on_duty": _duty,
    "department_manager": _manager,
    "decision_makers": lambda who, ticket, at: ticket.organisation.decision_makers.filter(is_active=True),
    "interface_person": lambda who, ticket, at: [ticket.organisation.interface_person],
}
