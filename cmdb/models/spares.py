"""Spare parts: what lies in stock, what was taken for which work, what came back (CMDB-10)."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from cmdb.models.classes import CIClass


class SparePartQuerySet(models.QuerySet):
    """Spare parts."""

    def with_stock(self) -> Self:
        """Each with ``stock``, the sum of its movements."""
        return self.annotate(stock=Coalesce(Sum("movements__count"), Value(0)))

    def running_low(self) -> Self:
        """Those of which less lies in stock than the minimum."""
        return self.with_stock().filter(active=True, stock__lt=F("minimum"))


class SparePart(models.Model):
    """A kind of spare part at a place. What lies there is the sum of its movements."""

    name = models.CharField(_("name"), max_length=120)
    ci_class = models.ForeignKey(
        CIClass,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="spare_parts",
        verbose_name=_("for items of class"),
    )
    part_number = models.CharField(_("part number"), max_length=80, blank=True)
    place = models.CharField(_("kept at"), max_length=120, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    minimum = models.PositiveIntegerField(_("minimum"), default=0, help_text=_("Less than this is to be bought."))
    active = models.BooleanField(_("active"), default=True)

    #: Set by ``with_stock``.
    stock: int

    objects = SparePartQuerySet.as_manager()

    class Meta:
        ordering = ["name", "place", "pk"]
        verbose_name = _("spare part")
        verbose_name_plural = _("spare parts")
        constraints = [models.UniqueConstraint(fields=["name", "part_number", "place"], name="spare_part_once")]

    def __str__(self) -> str:
        return self.name


class SpareMovement(models.Model):
    """Something that came into stock or left it: ``count`` is negative for what left. Never changed afterwards."""

    class Kind(models.TextChoices):
        RECEIVED = "received", pgettext_lazy("spare part", "Received")
        TAKEN = "taken", pgettext_lazy("spare part", "Taken out")
        RETURNED = "returned", pgettext_lazy("spare part", "Returned")
        COUNTED = "counted", pgettext_lazy("spare part", "Counted")

    never_emptied = True
    part = models.ForeignKey(SparePart, models.PROTECT, related_name="movements")
    kind = models.CharField(_("what"), max_length=8, choices=Kind)
    count = models.IntegerField(_("how many"))
    reference = models.CharField(_("ticket"), max_length=30, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["reference"], name="spare_of_ticket", condition=~Q(reference=""))]

    def __str__(self) -> str:
        return f"{self.part} {self.count:+d}"
