"""What trend analysis proposes, and what people decided about it (PRB-02)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User


class TrendProposal(models.Model):
    """A burst, or something that keeps coming. ``finding`` is what ``problems.trends.analysis`` said last, JSON-safe.

    ``level``: how much there was when somebody dismissed it: it comes back only when there is more.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("trend", "Open")
        WATCHED = "watched", _("Watched")
        DISMISSED = "dismissed", _("Dismissed")
        RAISED = "raised", _("Problem raised")

    key = models.CharField(max_length=200, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    finding: Any = models.JSONField()
    level = models.PositiveIntegerField(default=0)
    reason = models.TextField(_("reason"), blank=True)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    problem = models.ForeignKey("problems.Problem", models.SET_NULL, null=True, related_name="trends")

    class Meta:
        ordering = ["-found_at", "pk"]
        verbose_name = _("trend")
        verbose_name_plural = _("trends")

    def __str__(self) -> str:
        return self.key
