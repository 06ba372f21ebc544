"""How long before the end of warranty, contract or licence people are told, per class (CMDB-03)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from cmdb.models.classes import CIClass, DefinitionVersion


class Ends(models.TextChoices):
    """What can end, by the attribute that says when."""

    WARRANTY = "warranty_end", _("End of warranty")
    CONTRACT = "contract_end", _("End of contract")
    LICENCE = "licence_end", _("End of licence")


class EndLimit(models.Model):
    """Of items of a class and those below: so many days before the end is told, once each. No days: never.

    No class: every class that has no limit of its own nor above it.
    """

    ci_class = models.ForeignKey(
        CIClass, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("class")
    )
    ends = models.CharField(_("what ends"), max_length=20, choices=Ends)
    days = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("days before"), default=list, blank=True)

    class Meta:
        ordering = ["ci_class", "ends"]
        verbose_name = _("limit of warnings")
        verbose_name_plural = _("limits of warnings")
        constraints = [
            models.UniqueConstraint(fields=["ci_class", "ends"], name="end_limit_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.ci_class_id or '*'} {self.ends}: {self.days}"


class EndLimitVersion(DefinitionVersion):
    """How long before was told from a moment on."""

    limit = models.ForeignKey(EndLimit, models.CASCADE, related_name="versions")

    def __str__(self) -> str:
        return f"{self.limit_id} {self.at:%Y-%m-%d %H:%M}"
