"""Imports of items and relations: what was read, what became of it (CMDB-05)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class ItemImport(models.Model):
    """One import that was written. ``fingerprint`` names its content: the same file is not read twice at once."""

    name = models.CharField(_("file"), max_length=200)
    fingerprint = models.CharField(max_length=64)
    at = models.DateTimeField(_("when"), default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    counts = models.JSONField(default=dict)
    source = models.CharField(_("source"), max_length=40, default="import")
    undone_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("import of configuration items")
        verbose_name_plural = _("imports of configuration items")

    def __str__(self) -> str:
        return self.name
