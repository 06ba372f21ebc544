"""Where facts come from: which source wins, what others said besides, which source is not believed (CMDB-04)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.models.classes import CIClass, DefinitionVersion
from cmdb.models.imports import ItemImport
from cmdb.models.items import ConfigurationItem
from cmdb.models.relations import Relation

#: How a source is called.
source_name = RegexValidator(r"^[a-z][a-z0-9_-]{0,39}\Z", _("Small letters, digits, _ and -, at most 40."))


class SourceRanking(models.Model):
    """Which source wins, the strongest first: of a class and those below it, or of one field of theirs.

    No class: of every class. No sources: the latest wins again. A source that is not named stands below those named.
    """

    ci_class = models.ForeignKey(
        CIClass, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("class")
    )
    field = models.CharField(_("field"), max_length=40, blank=True)
    sources = ArrayField(
        models.CharField(max_length=40, validators=[source_name]), verbose_name=_("sources"), default=list, blank=True
    )

    class Meta:
        ordering = ["ci_class", "field"]
        verbose_name = _("ranking of sources")
        verbose_name_plural = _("rankings of sources")
        constraints = [
            models.UniqueConstraint(fields=["ci_class", "field"], name="source_ranking_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.ci_class_id or '*'} {self.field}: {' > '.join(self.sources)}"


class SourceRankingVersion(DefinitionVersion):
    """Which sources won from a moment on."""

    ranking = models.ForeignKey(SourceRanking, models.CASCADE, related_name="versions")

    def __str__(self) -> str:
        return f"{self.ranking_id} {self.at:%Y-%m-%d %H:%M}"


class ClaimQuerySet(models.QuerySet):
    """What sources said besides."""

    def standing(self, moment: datetime | None = None) -> Self:
        """Without what an import said that was taken back: by ``moment``, or by now."""
        said = ItemImport.objects.taken_back(moment).filter(source=OuterRef("source"), at=OuterRef("at"))
        return self.filter(~Exists(said))

    def about(self, so_at: datetime, known_at: datetime | None) -> Self:
        """What was said of ``so_at``, as known at ``known_at``, and counted then; as known now without it."""
        said = self.standing(min(so_at, known_at) if known_at else so_at)
        said = said.filter(Q(until=None) | Q(until__gt=so_at), since__lte=so_at)
        return said if known_at is None else said.filter(at__lte=known_at)


class Claim(models.Model):
    """What a source said and another's word stood against, or said before: it holds when that one is withdrawn.

    Of an item a ``field`` and its value, or of a relation its group and how many are needed. Only added to.
    """

    never_emptied = True
    item = models.ForeignKey(ConfigurationItem, models.CASCADE, null=True, related_name="claims")
    relation = models.ForeignKey(Relation, models.CASCADE, null=True, related_name="claims")
    field = models.CharField(_("field"), max_length=40, blank=True)
    source = models.CharField(_("source"), max_length=40)
    value = models.JSONField(_("value"), null=True)
    since = models.DateTimeField(_("so since"))
    until = models.DateTimeField(_("until"), null=True)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))

    objects = ClaimQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["item", "field", "-at", "-id"], name="claim_of_item"),
            models.Index(fields=["relation", "-at", "-id"], name="claim_of_relation"),
            models.Index(fields=["source"], name="claim_of_source"),
        ]
        constraints = [models.CheckConstraint(condition=Q(item=None) ^ Q(relation=None), name="claim_about_one_thing")]

    def __str__(self) -> str:
        return f"{self.source}: {self.field} = {self.value}"


class SourceWithdrawal(models.Model):
    """What a source said until ``at`` is not believed; until it is ``undone``."""

    source = models.CharField(_("source"), max_length=40, validators=[source_name])
    reason = models.CharField(_("reason"), max_length=500)
    counts = models.JSONField(default=dict)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    undone_at = models.DateTimeField(_("taken back"), null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("withdrawn source")
        verbose_name_plural = _("withdrawn sources")
        constraints = [
            models.UniqueConstraint(fields=["source"], condition=Q(undone_at=None), name="source_withdrawn_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.at:%Y-%m-%d %H:%M}"
