"""What incidents do when something happened to one."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents.models import Incident
from incidents.proposals import change_ends_proposal
from tickets.models import TimelineEntry
from tickets.signals import action_performed


@receiver(action_performed, sender=Incident)
def end_proposal(sender: Any, entry: TimelineEntry, **context: Any) -> None:
    """A priority that is changed directly ends what was proposed. No ``effect``: the change can be taken back."""
    if entry.action == "change_priority":
        change_ends_proposal(entry=entry, **context)
