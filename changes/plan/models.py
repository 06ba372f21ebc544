"""The steps of a change's plan, and how each went."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User

#: A report that comes in so soon after the press was never held up.
PROMPT = timedelta(minutes=1)
#: What is planned of a step: what the forms ask for.
PLANNED_COLUMNS = ("what", "person", "planned_from", "planned_to", "check_text", "back_out", "no_return")


@dataclass(frozen=True)
class Read:
    """A step as somebody read it: its number then, its key, and a digest of what was planned of it."""

    number: str
    key: str
    digest: str

    def __str__(self) -> str:
        return f"{self.number}.{self.key}.{self.digest}"

    @classmethod
    def all_in(cls, text: str) -> list[Read]:
        """Those that ``text`` names, with blanks between."""
        parts = [one.split(".") for one in text.split()]
        return [cls(*part) for part in parts if len(part) == len(fields(cls))]


class PlanStep(models.Model):
    """A step: who does what from when to when, how it is checked, how it is backed out; and how it went.

    ``no_return``: from here on nothing is backed out any more; it is decided before it begins (CHG-06).
    ``received_at``: when the newest report of it came in, which is later than what it says when there was no network.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("step", "planned")
        STARTED = "started", pgettext_lazy("step", "started")
        DONE = "done", pgettext_lazy("step", "done")
        FAILED = "failed", pgettext_lazy("step", "failed")
        BACKED_OUT = "backed_out", pgettext_lazy("step", "backed out")

    change = models.ForeignKey("changes.Change", models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("step"))
    what = models.CharField(_("what is done"), max_length=300)
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    planned_from = models.DateTimeField(_("planned from"), null=True)
    planned_to = models.DateTimeField(_("planned until"), null=True)
    check_text = models.CharField(_("how it is checked"), max_length=300, blank=True)
    back_out = models.CharField(_("how it is backed out"), max_length=300, blank=True)
    no_return = models.BooleanField(_("point of no return"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PLANNED)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    reported_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("reported by"))
    received_at = models.DateTimeField(_("received"), null=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["change", "position"]
        verbose_name = _("step of a plan")
        verbose_name_plural = _("steps of plans")
        constraints = [
            models.UniqueConstraint(fields=["change", "position"], name="plan_step_once"),
            models.UniqueConstraint(
                fields=["change"], condition=Q(no_return=True), name="plan_one_point_of_no_return"
            ),
            models.CheckConstraint(
                condition=Q(planned_to=None) | Q(planned_to__gt=F("planned_from")), name="plan_step_ends_after"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.what}"

    @property
    def read(self) -> Read:
        """What whoever reads it has read; sent back with an edit."""
        said = repr([self.serializable_value(name) for name in PLANNED_COLUMNS])
        return Read(str(self.position), str(self.pk), hashlib.sha256(said.encode()).hexdigest()[:16])

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        """From when to when it is planned."""
        return self.planned_from, self.planned_to

    @property
    def reported_at(self) -> datetime | None:
        """When what its status says happened."""
        return self.ended_at or self.started_at

    @property
    def came_late(self) -> bool:
        """Whether its newest report came in clearly later than what it says happened."""
        if self.received_at is None or self.reported_at is None:
            return False
        return self.received_at - self.reported_at > PROMPT
