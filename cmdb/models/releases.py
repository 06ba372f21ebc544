"""Shared items that a customer may know of (ORG-03)."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from cmdb.models.items import ConfigurationItem


class ReleaseQuerySet(models.QuerySet):
    """Releases of shared items."""

    def standing(self) -> Self:
        """Those that were not taken back."""
        return self.filter(ended_at=None)


class Release(models.Model):
    """A shared item that the people of ``organisation`` see like one of their own, until it is taken back."""

    item = models.ForeignKey(ConfigurationItem, models.CASCADE, related_name="releases")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("customer"))
    reason = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("released by"))
    at = models.DateTimeField(default=timezone.now)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("taken back by"))
    ended_at = models.DateTimeField(null=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = _("release of a shared item")
        verbose_name_plural = _("releases of shared items")
        constraints = [
            models.UniqueConstraint(
                fields=["item", "organisation"], condition=Q(ended_at=None), name="released_once_to_a_customer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.organisation_id}"
