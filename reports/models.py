"""What boards and reports keep: links of wall displays, and the monthly reports of customers."""

from __future__ import annotations

from datetime import datetime

import pgtrigger
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation, SupportGroup, User
from records.models import ADDED_ONLY
from reports.facts.models import ChangedTicket, Counted, Fact  # noqa: F401 - Django finds models in this module
from reports.meetings.models import ProcessMeeting  # noqa: F401 - as above
from reports.own.models import OwnBoard  # noqa: F401 - as above
from reports.reviews.models import FigureBaseline, ProcessReview  # noqa: F401 - as above
from reports.schedules.models import Schedule, ScheduleRun, Sending  # noqa: F401 - as above
from reports.targets.models import Target  # noqa: F401 - as above


class WallDisplay(models.Model):
    """A link that opens the live board on a screen without signing in, read only, with a fixed scope.

    It sees what ``owner`` may see, as long as they may see boards; ``key_hash`` is all that is kept of its secret.
    ``groups``: of these groups only; none: of all. ``seen_at``: when a screen last asked.
    """

    bearer_digest = "key_hash"

    name = models.CharField(_("name"), max_length=80)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("made by"))
    groups = models.ManyToManyField(SupportGroup, blank=True, related_name="+", verbose_name=_("groups"))
    turn_seconds = models.PositiveSmallIntegerField(_("turns every (seconds)"), default=20)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    seen_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("last seen"), null=True)
    revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("wall display")
        verbose_name_plural = _("wall displays")

    def __str__(self) -> str:
        return self.name


class ServiceReport(models.Model):
    """The service report of a customer for a month (RPT-02), frozen with every number that it shows.

    ``month``: its first day. ``version``: a correction is a new one, with its ``reason``. ``content``: what page, PDF
    and Excel draw, in the customer's ``language``. ``is_late``: made after the first working day of the month after.
    What was sent never changes: the database refuses it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("report", "Draft")
        APPROVED = "approved", pgettext_lazy("report", "Approved")
        SENT = "sent", pgettext_lazy("report", "Sent")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("customer"))
    month = models.DateField(_("month"))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    language = models.CharField(_("language"), max_length=10)
    is_late = models.BooleanField(_("made late"), default=False)
    content = models.JSONField(default=dict)
    improvements = models.TextField(_("improvement actions"), blank=True)
    reason = models.TextField(_("reason of the correction"), blank=True)
    made_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    edited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("edited by"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by"))
    approved_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        _("approved"), null=True
    )
    sent_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("sent"), null=True)

    class Meta:
        ordering = ["-month", "organisation", "-version"]
        verbose_name = _("service report")
        verbose_name_plural = _("service reports")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "month", "version"], name="service_report_once"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="sent_never_changes",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__sent_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.month:%Y-%m}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("reports:service_report", args=[self.pk])


class ReportEntry(models.Model):
    """A line of the log of a service report: who did what with it, and why. Never changed, never removed."""

    class What(models.TextChoices):
        MADE = "made", pgettext_lazy("report", "made by the portal")
        EDITED = "edited", pgettext_lazy("report", "wrote the improvement actions")
        COUNTED = "counted", pgettext_lazy("report", "counted it anew")
        TRANSLATED = "translated", pgettext_lazy("report", "counted it anew in the customer's language")
        CORRECTED = "corrected", pgettext_lazy("report", "began the correction")
        RETURNED = "returned", pgettext_lazy("report", "sent it back")
        APPROVED = "approved", pgettext_lazy("report", "approved it")
        SENT = "sent", pgettext_lazy("report", "sent it")

    report = models.ForeignKey(ServiceReport, models.PROTECT, related_name="log")
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("time"))
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    what = models.CharField(_("action"), max_length=10, choices=What)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("line of a service report's log")
        verbose_name_plural = _("lines of service reports' logs")
        triggers = [ADDED_ONLY]

    def __str__(self) -> str:
        return f"{self.report_id} {self.what} {self.at:%Y-%m-%d %H:%M}"
