"""How long a change interrupted a business system: as reviewed, and as corrected later."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.models import BusinessSystem


class Interruption(models.Model):
    """Minutes of interruption of one system by one change. The first row is the recorded one; later ones correct it.

    A correction has a reason; the newest row counts. What came by import was recorded by nobody we know. ``system`` is
    empty when the change touches none. Nothing of it is ever changed: what was recorded stands beside its corrections.
    """

    change = models.ForeignKey("changes.Change", models.CASCADE, related_name="interruptions")
    system = models.ForeignKey(BusinessSystem, models.PROTECT, null=True, verbose_name=_("business system"))
    minutes = models.PositiveIntegerField(_("minutes"))
    reason = models.TextField(_("reason of the correction"), blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"), db_index=False)
    at = models.DateTimeField(_("time"))

    class Meta:
        ordering = ["pk"]
        verbose_name = _("interruption by a change")
        verbose_name_plural = _("interruptions by changes")
        triggers = [pgtrigger.Protect(name="interruption_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.change_id} {self.system_id} {self.minutes}"
