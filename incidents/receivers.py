"""What incidents do when something happened to one."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from incidents.models import Incident
from incidents.proposing.proposals import end_proposal
from tickets.signals import action_performed


@receiver(action_performed, sender=Incident)
def end_what_was_proposed(sender: Any, **happened: Any) -> None:
    """End a proposed priority that is of no matter any more. No ``effect``: a change can be taken back."""
    end_proposal(**happened)
