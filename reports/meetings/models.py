"""What a process meeting saw and decided."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.database.triggers import APPEND_ONLY


class ProcessMeeting(models.Model):
    """Minutes and decisions about a kind's process in a quarter, with its figures as they were when it was written.

    ``quarter``: its first day. ``figures``: of each its code, version, value, numerator and denominator, as known
    at ``known_at``. Never
    changed; a correction is another one.
    """

    kind = models.CharField(_("kind"), max_length=20)
    quarter: models.DateField[date, date] = models.DateField(_("quarter"))
    held_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("held"))
    attendance = models.TextField(_("who attended"))
    minutes = models.TextField(_("minutes"))
    decisions = models.TextField(_("decisions"), blank=True)
    figures = models.JSONField(default=list)
    known_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("written by"))
    written_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("written"))

    class Meta:
        ordering = ["-held_at", "-pk"]
        verbose_name = _("process meeting")
        verbose_name_plural = _("process meetings")
        indexes = [models.Index(fields=["kind", "quarter"], name="process_meeting_quarter")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.kind} {self.quarter}"
