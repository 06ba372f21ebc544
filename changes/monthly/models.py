"""What the change manager says about a month."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.database.triggers import APPEND_ONLY


class MonthlyWords(models.Model):
    """Words of the manager beside the computed analysis. Never changed: the newest of a month is what the report says.

    ``month``: its first day.
    """

    month: models.DateField[date, date] = models.DateField(_("month"))
    text = models.TextField(_("analysis by the change manager"))
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("written by"))
    written_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("written"))

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("analysis of a month of changes")
        verbose_name_plural = _("analyses of months of changes")
        indexes = [models.Index(fields=["month"], name="change_words_month")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
