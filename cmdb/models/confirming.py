"""That what is recorded of an item stands, said by its owner: who and when (CMDB-07)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.models.items import ConfigurationItem


class Confirmation(models.Model):
    """The values of an item were confirmed as they stood ``at`` that moment. Never changed afterwards."""

    item = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="confirmations")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("confirmation of an item")
        verbose_name_plural = _("confirmations of items")
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        indexes = [models.Index(fields=["item", "-at"], name="confirmation_of_item")]

    def __str__(self) -> str:
        return f"{self.item} {self.at:%Y-%m-%d}"
