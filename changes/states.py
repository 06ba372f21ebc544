"""States of a change, what they mean, and the lists of choices that the program knows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.lifecycle import Phase


class States(models.TextChoices):
    """States of a change (CHG-02)."""

    DRAFT = "draft", pgettext_lazy("change", "Draft")
    SUBMITTED = "submitted", pgettext_lazy("change", "Submitted")
    ACCEPTED = "accepted", pgettext_lazy("change", "Accepted")
    ASSESSED = "assessed", pgettext_lazy("change", "Assessed")
    APPROVING = "approving", pgettext_lazy("change", "Waits for approval")
    SCHEDULED = "scheduled", pgettext_lazy("change", "Approved and scheduled")
    IMPLEMENTING = "implementing", pgettext_lazy("change", "Being implemented")
    IMPLEMENTED = "implemented", pgettext_lazy("change", "Implemented")
    BACKED_OUT = "backed_out", pgettext_lazy("change", "Backed out")
    REVIEWED = "reviewed", pgettext_lazy("change", "Reviewed")
    CLOSED = "closed", pgettext_lazy("change", "Closed")
    REJECTED = "rejected", pgettext_lazy("change", "Rejected")
    CANCELLED = "cancelled", pgettext_lazy("change", "Cancelled")


PHASES = {
    States.DRAFT: Phase.OPEN,
    States.SUBMITTED: Phase.OPEN,
    States.ACCEPTED: Phase.OPEN,
    States.ASSESSED: Phase.OPEN,
    States.APPROVING: Phase.WAITING,
    States.SCHEDULED: Phase.OPEN,
    States.IMPLEMENTING: Phase.OPEN,
    States.IMPLEMENTED: Phase.RESOLVED,
    States.BACKED_OUT: Phase.RESOLVED,
    States.REVIEWED: Phase.RESOLVED,
    States.CLOSED: Phase.CLOSED,
    States.REJECTED: Phase.CLOSED,
    States.CANCELLED: Phase.CLOSED,
}
#: While it is planned and approved: what is of substance may be edited, what was approved then falls.
PLANNED = (States.DRAFT, States.SUBMITTED, States.ACCEPTED, States.ASSESSED, States.APPROVING, States.SCHEDULED)
#: Its work is going on or done, and its items are brought up to date before it is closed (CHG-08).
WRITING = (States.IMPLEMENTING, States.IMPLEMENTED, States.BACKED_OUT, States.REVIEWED)
#: It will not be carried out.
GIVEN_UP = (States.REJECTED, States.CANCELLED)
#: It was carried out, or tried.
ENDED = (States.IMPLEMENTED, States.BACKED_OUT, States.REVIEWED, States.CLOSED)


class Scope(models.TextChoices):
    """What the change touches; only the first two are in scope (CHG-01)."""

    SERVICE = "service", _("A system in service")
    TEST = "test", _("A test system that the service desk supports")
    BUILDING = "building", _("A system that is not yet in service")
    OWN = "own", _("Something users change themselves")


class Risk(models.TextChoices):
    """How likely trouble is, and how bad."""

    LOW = "low", pgettext_lazy("risk", "Low")
    MEDIUM = "medium", pgettext_lazy("risk", "Medium")
    HIGH = "high", pgettext_lazy("risk", "High")


class ChangePriority(models.TextChoices):
    """How soon it is taken up, as whoever asks for it says (CHG-01); its limits are those of its type."""

    HIGH = "high", pgettext_lazy("priority", "High")
    MEDIUM = "medium", pgettext_lazy("priority", "Medium")
    LOW = "low", pgettext_lazy("priority", "Low")


class Result(models.TextChoices):
    """How the implementation ended."""

    AS_PLANNED = "as_planned", _("As planned")
    DEVIATED = "deviated", _("With deviations")
    FAILED = "failed", _("Failed")
    BACKED_OUT = "backed_out", _("Backed out")


class Decision(models.TextChoices):
    """What is decided before the point of no return."""

    GO = "go", pgettext_lazy("decision", "Go")
    NO_GO = "no_go", pgettext_lazy("decision", "No go")


class Rating(models.TextChoices):
    """What the review thinks of a change."""

    GOOD = "good", pgettext_lazy("rating", "Good")
    FAIR = "fair", pgettext_lazy("rating", "Acceptable")
    POOR = "poor", pgettext_lazy("rating", "Poor")
