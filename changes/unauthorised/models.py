"""What became of a write that no change allowed."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.models import ItemVersion, RelationVersion


class WriteVerdict(models.Model):
    """Somebody said why a write was right all the same, or asked for a change because of it. It is never changed."""

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", _("Justified correction")
        TICKET = "ticket", _("Change requested")

    item_version = models.OneToOneField(ItemVersion, models.PROTECT, null=True, related_name="verdict")
    relation_version = models.OneToOneField(RelationVersion, models.PROTECT, null=True, related_name="verdict")
    verdict = models.CharField(_("what became of it"), max_length=10, choices=Verdict)
    reason = models.TextField(_("reason"))
    change = models.ForeignKey(
        "changes.Change", models.PROTECT, null=True, related_name="caused_by_writes", verbose_name=_("change")
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("time"))

    class Meta:
        ordering = ["-at"]
        verbose_name = _("verdict on a write without a change")
        verbose_name_plural = _("verdicts on writes without a change")
        constraints = [
            models.CheckConstraint(
                condition=Q(item_version__isnull=True) ^ Q(relation_version__isnull=True), name="verdict_on_one_write"
            ),
            models.CheckConstraint(
                condition=Q(verdict="justified", change=None) | Q(verdict="ticket", change__isnull=False),
                name="verdict_ticket_has_change",
            ),
        ]
        triggers = [pgtrigger.Protect(name="write_verdict_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.verdict} {self.item_version_id or self.relation_version_id}"
