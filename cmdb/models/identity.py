"""Records of items that were merged or split: what moved, so that it can be taken back exactly (CMDB-01)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from cmdb.models.items import ConfigurationItem


class IdentityChange(models.Model):
    """``other`` was merged into ``item``, or split off it.

    ``facts``: fields of ``item`` that it changed, as [before, after]; ``moved``: rows that name the other of both
    since then, ``dropped``: rows that would have stood twice; ``ended`` and ``made``: relations by key.
    """

    class Kind(models.TextChoices):
        MERGE = "merge", pgettext_lazy("items", "Merged")
        SPLIT = "split", pgettext_lazy("items", "Split")

    kind = models.CharField(_("what"), max_length=5, choices=Kind)
    item = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="identity_changes")
    other = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="identity_changes_of_other")
    status_before = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict)
    named = models.JSONField(default=list)
    moved = models.JSONField(default=list)
    dropped = models.JSONField(default=list)
    ended = models.JSONField(default=list)
    made = models.JSONField(default=list)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    reference = models.CharField(_("change"), max_length=60, blank=True)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    undone_at = models.DateTimeField(_("taken back"), null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(item=models.F("other")), name="identity_of_two_items"),
            models.UniqueConstraint(
                fields=["other"], condition=Q(kind="merge", undone_at=None), name="item_merged_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id} {self.other_id}"
