"""What those affected by a change were told, and when."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from changes.informing.stages import Stage


class AffectedNotice(models.Model):
    """One telling. ``parts``: who read of which systems: ``{systems, organisations, people}``, codes and a number.

    Nothing of it is ever changed: it is the proof that they were told (CHG-04).
    """

    change = models.ForeignKey("changes.Change", models.CASCADE, related_name="affected_notices")
    stage = models.CharField(_("told"), max_length=10, choices=Stage)
    at = models.DateTimeField(_("time"))
    planned_start = models.DateTimeField(_("planned start"), null=True)
    planned_end = models.DateTimeField(_("planned end"), null=True)
    parts = models.JSONField(_("told to"), default=list)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("notice to those affected")
        verbose_name_plural = _("notices to those affected")
        indexes = [models.Index(fields=["change", "-id"], name="affected_notice_newest")]
        triggers = [
            pgtrigger.Protect(name="affected_notice_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.change_id} {self.stage}"

    @property
    def organisations(self) -> list[str]:
        """Codes of all that were told."""
        return sorted({code for part in self.parts for code in part["organisations"]})

    @property
    def people(self) -> int:
        """How many people they are."""
        return sum(part["people"] for part in self.parts)

    def as_parts(self) -> list[dict[str, Any]]:
        """The parts, for programs."""
        return list(self.parts)
