"""Imports of items and relations: what was read, what became of it (CMDB-05)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class ItemImportQuerySet(models.QuerySet):
    """Imports."""

    def taken_back(self, by: datetime | None = None) -> Self:
        """Those that were taken back: by a moment, or by now."""
        return self.exclude(undone_at=None) if by is None else self.filter(undone_at__lte=by)

    def words_taken_back(self) -> dict[tuple[str, datetime], datetime]:
        """What counts no more since when, as the source and the moment that it was said."""
        rows = self.taken_back().values_list("source", "at", "undone_at")
        return {(source, at): undone_at for source, at, undone_at in rows if undone_at}


class ItemImport(models.Model):
    """One import that was written. ``fingerprint`` names its content: the same file is not read twice at once.

    Every word of it is that of its ``source`` at the moment ``at``; none counts any more since ``undone_at``.
    """

    name = models.CharField(_("file"), max_length=200)
    fingerprint = models.CharField(max_length=64)
    at = models.DateTimeField(_("when"), default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    counts = models.JSONField(default=dict)
    source = models.CharField(_("source"), max_length=40, default="import")
    undone_at = models.DateTimeField(_("taken back"), null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("taken back by"))

    objects = ItemImportQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("import of configuration items")
        verbose_name_plural = _("imports of configuration items")

    def __str__(self) -> str:
        return self.name


class ItemMappingQuerySet(models.QuerySet):
    """Kept mappings."""

    def usable_by(self, user: User | None) -> Self:
        """The person's own and the shared ones; without a person the shared ones."""
        return self.filter(Q(owner=user) | Q(shared=True)) if user else self.filter(shared=True)


class ItemMapping(models.Model):
    """How the columns and dates of a file read, kept for the next file with the same ``headings``.

    ``relation_columns`` and ``relation_values`` are those of the file of relations beside it.
    """

    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(User, models.CASCADE, related_name="item_mappings", verbose_name=_("owner"))
    shared = models.BooleanField(_("shared"), default=False)
    headings = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    values = models.JSONField(default=dict)
    dates = models.JSONField(default=dict)
    relation_columns = models.JSONField(default=dict)
    relation_values = models.JSONField(default=dict)

    objects = ItemMappingQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("mapping of imports")
        verbose_name_plural = _("mappings of imports")
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="item_mapping_name_once")]

    def __str__(self) -> str:
        return self.name
