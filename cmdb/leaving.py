"""Who looks after a business system when its engineer is switched off: the deputy follows (ORG-05, INC-22).

What somebody was to sign for is taken back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.leaving import Held, log_change, names_of
from accounts.models import User
from accounts.signals import held_by, switched_off
from cmdb.models import BusinessSystem, Handover

SYSTEM = _("Engineer of the system")
HANDOVER = _("Signature for an item")


@receiver(held_by)
def held_systems(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Business systems of which somebody is the primary or the deputy engineer."""
    return [Held("system", SYSTEM, str(system)) for system in _systems(user)]


@receiver(switched_off)
def hand_on_systems(sender: Any, user: User, by: User, now: datetime, **context: Any) -> list[Held]:
    """``to`` says who looks after it now; the administration's log keeps who did."""
    return [_hand_on(system, user, by) for system in list(_systems(user))]


@receiver(held_by)
def held_handovers(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Items that somebody was to sign for."""
    return [Held("handover", HANDOVER, row.item.identifier) for row in _handovers(user)]


@receiver(switched_off)
def withdraw_handovers(sender: Any, user: User, by: User, now: datetime, **context: Any) -> list[Held]:
    """Nobody signs for them any more: the keeper stays who it was, and whoever handed them over is to choose anew."""
    found = []
    for row in _handovers(user):
        row.state, row.ended_at = Handover.State.WITHDRAWN, now
        row.save(update_fields=["state", "ended_at"])
        found.append(Held("handover", HANDOVER, row.item.identifier, row.giver.display_name))
    return found


def _handovers(user: User) -> list[Handover]:
    rows = Handover.objects.filter(receiver=user, state=Handover.State.OPEN).select_related("item", "giver")
    return list(rows.order_by("pk"))


def _systems(user: User) -> QuerySet[BusinessSystem]:
    found = BusinessSystem.objects.filter(Q(primary_engineer=user) | Q(deputy_engineer=user))
    return found.select_related("primary_engineer", "deputy_engineer").order_by("pk")


def _hand_on(system: BusinessSystem, user: User, by: User) -> Held:
    people = (system.primary_engineer, system.deputy_engineer)
    left = [person for person in people if person and person.pk != user.pk and person.is_active]
    system.primary_engineer, system.deputy_engineer = left[0] if left else None, None
    system.save(update_fields=["primary_engineer", "deputy_engineer"])
    values = {
        "primary_engineer": [names_of(people[:1]), names_of(left)],
        "deputy_engineer": [names_of(people[1:]), ""],
    }
    log_change(system, values, by)
    return Held("system", SYSTEM, str(system), names_of(left))
