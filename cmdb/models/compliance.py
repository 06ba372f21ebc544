"""Rules that the record must keep to, and how far it does over time (CMDB-07)."""

from __future__ import annotations

from django.db import models
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cmdb.models.classes import CIClass, DefinitionVersion


class ComplianceRule(models.Model):
    """What a query of items says must hold for all of a class, or must find none of them.

    ``params`` is what the query asked when the rule was made: a saved query may change, a rule does not with it.
    No class: items of every class. Retired items keep to nothing.
    """

    class Demand(models.TextChoices):
        ALL = "all", pgettext_lazy("rule of items", "Every item is one of these")
        NONE = "none", pgettext_lazy("rule of items", "No item is one of these")

    name = models.CharField(_("rule"), max_length=120, unique=True)
    ci_class = models.ForeignKey(
        CIClass, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("class")
    )
    demand = models.CharField(_("demand"), max_length=4, choices=Demand)
    params = models.TextField(_("query"))
    why = models.CharField(_("why"), max_length=300, blank=True)
    active = models.BooleanField(_("in force"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("rule of compliance")
        verbose_name_plural = _("rules of compliance")

    def __str__(self) -> str:
        return self.name

    def parameters(self) -> QueryDict:
        """What its query asks."""
        return QueryDict(self.params)

    def definition(self) -> dict[str, object]:
        """What is said, as kept with each change."""
        return {name: getattr(self, name) for name in ("name", "ci_class_id", "demand", "params", "why", "active")}


class ComplianceRuleVersion(DefinitionVersion):
    """What a rule demanded from a moment on."""

    rule = models.ForeignKey(ComplianceRule, models.CASCADE, related_name="versions")

    def __str__(self) -> str:
        return f"{self.rule_id} {self.at:%Y-%m-%d %H:%M}"


class ComplianceShare(models.Model):
    """How many items kept to a rule at the end of a day, or so far today. ``of``: how many it concerned."""

    rule = models.ForeignKey(ComplianceRule, models.CASCADE, related_name="shares")
    on = models.DateField(_("day"))
    of = models.PositiveIntegerField(_("items"))
    broken = models.PositiveIntegerField(_("that break it"))
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["on"]
        verbose_name = _("share of compliance")
        verbose_name_plural = _("shares of compliance")
        constraints = [models.UniqueConstraint(fields=["rule", "on"], name="compliance_share_once_a_day")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.on}: {self.broken}/{self.of}"

    @property
    def percent(self) -> int:
        """The share that keeps to it; rounded down, so that 100 means all."""
        return 100 * (self.of - self.broken) // self.of if self.of else 100
