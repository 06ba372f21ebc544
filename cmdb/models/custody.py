"""Handing an item over to a keeper: told, signed by whoever takes it, or refused (CMDB-03)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from cmdb.models.items import ConfigurationItem


class Handover(models.Model):
    """``giver`` signs by handing over, ``receiver`` by taking it over while signed in. One is open per item."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("handover", "Waits for the receiver")
        TAKEN = "taken", pgettext_lazy("handover", "Taken over")
        REFUSED = "refused", pgettext_lazy("handover", "Refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("handover", "Taken back")

    item = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="handovers")
    keeper_before = models.CharField(_("keeper until then"), max_length=150, blank=True)
    giver = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("handed over by"))
    receiver = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("new keeper"))
    condition = models.CharField(_("condition and accessories"), max_length=500, blank=True)
    given_at = models.DateTimeField(_("handed over"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    ended_at = models.DateTimeField(_("signed"), null=True)
    words = models.CharField(_("remark"), max_length=500, blank=True)

    class Meta:
        ordering = ["-given_at", "-pk"]
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(state="open"), name="handover_open_once"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None) | ~Q(state="open") & Q(ended_at__isnull=False),
                name="handover_ended_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} → {self.receiver_id}"
