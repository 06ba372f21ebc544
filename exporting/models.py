"""Exports: who took which rows out of the portal, when (SEC-03); and the job that writes a large file."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class ExportQuerySet(models.QuerySet):
    """Exports."""

    def visible_to(self, user: User) -> ExportQuerySet:
        """The own ones: the file holds what its owner may see."""
        return self.filter(user_id=user.pk)

    def at_work(self) -> ExportQuerySet:
        """Those that are not over yet."""
        return self.filter(status__in=Export.AT_WORK)


class Export(models.Model):
    """An export of a list. The row stays as the record of it; the file is removed after a day.

    ``source`` and ``query`` say which list, as its address does; ``columns`` what of each row. Language and time zone
    are those of the person at that moment. ``worker`` is the lease of whoever writes it: a worker that lost it stops.
    ``heartbeat_at``: when it last said that it lives. ``file``: name below the exports' folder, once it is complete.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being written")
        READY = "ready", _("Ready")
        SENT = "sent", _("Sent at once")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        REMOVED = "removed", _("Removed after a day")

    class Format(models.TextChoices):
        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel")

    AT_WORK = (State.QUEUED, State.RUNNING)

    user = models.ForeignKey(User, models.PROTECT, related_name="exports", verbose_name=_("person"))
    source = models.CharField(_("list"), max_length=20)
    query = models.TextField(_("filters"), blank=True)
    columns = ArrayField(models.CharField(max_length=40), verbose_name=_("columns"))
    format = models.CharField(_("format"), max_length=5, choices=Format)
    language = models.CharField(max_length=10)
    time_zone = models.CharField(max_length=50)
    status = models.CharField(_("status"), max_length=10, choices=State, default=State.QUEUED)
    rows_total = models.PositiveIntegerField(_("rows in the list"), null=True)
    rows_done = models.PositiveIntegerField(_("rows written"), default=0)
    size = models.PositiveBigIntegerField(_("size (bytes)"), null=True)
    file = models.CharField(max_length=100, blank=True)
    worker = models.CharField(max_length=36, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("asked for"))
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    downloaded_at = models.DateTimeField(_("downloaded"), null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(status__in=["queued", "running"]), name="export_one_at_a_time"
            )
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="export_of_person"),
            models.Index(fields=["status", "finished_at"], name="export_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.format} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_at_work(self) -> bool:
        """Whether it is not over yet."""
        return self.status in self.AT_WORK

    @property
    def percent(self) -> int:
        """How much is written, 0 to 100."""
        return min(100, 100 * self.rows_done // self.rows_total) if self.rows_total else 0

    @property
    def filename(self) -> str:
        """The name under which it is saved, with the time that the person's own watch showed."""
        return f"{self.source}-{localtime(self.created_at, ZoneInfo(self.time_zone)):%Y%m%d-%H%M}.{self.format}"
