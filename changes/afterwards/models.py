"""What somebody says about an incident that came with a change."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.models import Ticket


class IncidentVerdict(models.Model):
    """Somebody says whether a change caused an incident. Never altered: the newest counts."""

    change = models.ForeignKey("changes.Change", models.PROTECT, related_name="incident_verdicts")
    incident = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name=_("incident"))
    caused = models.BooleanField(_("caused by the change"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"), db_index=False)
    at = models.DateTimeField(_("time"))

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = _("verdict on an incident after a change")
        verbose_name_plural = _("verdicts on incidents after changes")
        triggers = [
            pgtrigger.Protect(name="incident_verdict_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.change_id} {self.incident_id} {self.caused}"
