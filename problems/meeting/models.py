"""The incident meeting (事件管理会议): what was said and decided about the incidents of a month (INC-17)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from tickets.database.triggers import APPEND_ONLY


class IncidentMeeting(models.Model):
    """Minutes and decisions as they were written down; never changed, a correction is another one.

    ``month``: its first day.
    """

    month: models.DateField[date, date] = models.DateField(_("month"))
    held_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("held"))
    attendance = models.TextField(_("who attended"))
    minutes = models.TextField(pgettext_lazy("meeting", "minutes"))
    decisions = models.TextField(_("decisions"), blank=True)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("written by"))
    written_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("written"))

    class Meta:
        ordering = ["-held_at", "-pk"]
        verbose_name = _("incident meeting")
        verbose_name_plural = _("incident meetings")
        indexes = [models.Index(fields=["month"], name="incident_meeting_month")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
