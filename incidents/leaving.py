"""Who commands an emergency when the commander is switched off (MAJ-01, INC-22)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.leaving import Held, names_of
from accounts.models import User
from accounts.signals import held_by, switched_off
from duty.services import first_on_duty
from incidents.emergencies.meaning import EMERGENCY
from incidents.models import Incident
from tickets.actions import perform

COMMAND = _("Command of the emergency")


@receiver(held_by)
def held_commands(sender: Any, user: User, **context: Any) -> list[Held]:
    """Emergencies that somebody commands."""
    return [_held(incident) for incident in _commanded(user)]


@receiver(switched_off)
def hand_on_commands(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """The incident manager who is on duty commands; each is a step in the ticket's log, and they are told."""
    found = []
    for incident in _commanded(user):
        heir = first_on_duty(EMERGENCY.commander, now)
        data = {"commander": heir.username if heir else ""}
        perform(incident, "pass_on_command", user=None, data=data, now=now)
        found.append(_held(incident, names_of([heir])))
    return found


def _commanded(user: User) -> list[Incident]:
    rows = Incident.objects.filter(commander=user, emergency_since__isnull=False, emergency_over_at=None).order_by(
        "pk"
    )
    return [incident for incident in rows if incident.is_live]


def _held(incident: Incident, to: str = "") -> Held:
    return Held("command", COMMAND, f"{incident.number} {incident.summary}", to)
