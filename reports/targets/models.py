"""What figures are to reach, and from where their owner is told."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User


class Target(models.Model):
    """The target of a figure (``measure``: its code), in its unit: records, percent, or hours for times.

    ``alert``: who has the role ``owner`` is told when a month's figure is worse than this.
    """

    measure = models.CharField(max_length=60, unique=True, editable=False)
    aim = models.FloatField(_("target"), null=True, blank=True)
    alert = models.FloatField(_("alert threshold"), null=True, blank=True)
    owner = models.ForeignKey(Role, models.PROTECT, related_name="+", verbose_name=_("owner"))
    edited_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("edited by"))
    edited_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("edited"))

    class Meta:
        ordering = ["measure"]
        verbose_name = _("target of a figure")
        verbose_name_plural = _("targets of figures")

    def __str__(self) -> str:
        return self.measure
