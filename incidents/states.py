"""The states of an incident and what each means (INC-05)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.lifecycle import Phase


class States(models.TextChoices):
    """States of an incident, as in the reference data."""

    REGISTERED = "registered", _("Registered")
    ASSIGNED = "assigned", _("Assigned")
    IN_PROGRESS = "in_progress", _("In progress")
    PENDING = "pending", _("Pending")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")


PHASES = {
    States.REGISTERED: Phase.OPEN,
    States.ASSIGNED: Phase.OPEN,
    States.IN_PROGRESS: Phase.OPEN,
    States.PENDING: Phase.WAITING,
    States.RESOLVED: Phase.RESOLVED,
    States.CLOSED: Phase.CLOSED,
}

#: Given to a group, not yet solved.
DISPATCHED = (States.ASSIGNED, States.IN_PROGRESS, States.PENDING)
#: Not yet solved.
LIVE = (States.REGISTERED, *DISPATCHED)
