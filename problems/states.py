"""States of a problem, as in the requirements (PRB-03), and what they mean."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.lifecycle import Phase


class States(models.TextChoices):
    """States of a problem."""

    REGISTERED = "registered", _("Registered")
    ASSIGNED = "assigned", _("Assigned")
    INVESTIGATING = "investigating", _("Under investigation")
    KNOWN_ERROR = "known_error", _("Known error")
    PROPOSED = "proposed", _("Solution proposed")
    APPROVED = "approved", pgettext_lazy("problem", "Approved")
    IMPLEMENTING = "implementing", _("Being carried out")
    PENDING = "pending", _("Pending")
    RESOLVED = "resolved", _("Resolved")
    REVIEWED = "reviewed", pgettext_lazy("problem", "Reviewed")
    CLOSED = "closed", _("Closed")


PHASES = {
    States.REGISTERED: Phase.OPEN,
    States.ASSIGNED: Phase.OPEN,
    States.INVESTIGATING: Phase.OPEN,
    States.KNOWN_ERROR: Phase.OPEN,
    States.PROPOSED: Phase.OPEN,
    States.APPROVED: Phase.OPEN,
    States.IMPLEMENTING: Phase.OPEN,
    States.PENDING: Phase.WAITING,
    States.RESOLVED: Phase.RESOLVED,
    States.REVIEWED: Phase.RESOLVED,
    States.CLOSED: Phase.CLOSED,
}
#: States in which somebody still has to do something about the cause.
LIVE = tuple(state for state, phase in PHASES.items() if phase in (Phase.OPEN, Phase.WAITING))
#: States in which it can wait, to go on there.
WAITS_IN = (States.INVESTIGATING, States.KNOWN_ERROR, States.IMPLEMENTING)


class Outcome(models.TextChoices):
    """How a problem ended."""

    SOLVED = "solved", pgettext_lazy("problem", "Solved")
    WORKAROUND = "workaround", _("Permanent workaround")
    RISK_ACCEPTED = "risk_accepted", _("Risk accepted")
    DUPLICATE = "duplicate", _("Duplicate")
    CANCELLED = "cancelled", pgettext_lazy("problem", "Cancelled")
