"""How configuration items hang together: typed, directed, redundant, as it was at any moment (CMDB-02)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import uuid4

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable, in_language
from accounts.models import User
from cmdb.models.classes import CIClass, DefinitionVersion
from cmdb.models.items import ConfigurationItem, same


class Affects(models.TextChoices):
    """Which end of a relation feels it when the other end fails."""

    SOURCE = "source", _("the first feels a failure of the second")
    TARGET = "target", _("the second feels a failure of the first")
    NONE = "none", _("neither")


class RelationType(CodeTable):
    """A kind of relation: "A runs on B", read the other way "B carries A"."""

    inverse_zh = models.CharField(_("Chinese name, read backwards"), max_length=200)
    inverse_en = models.CharField(_("English name, read backwards"), max_length=200)
    affects = models.CharField(_("impact"), max_length=6, choices=Affects, default=Affects.SOURCE)
    max_targets = models.PositiveSmallIntegerField(
        _("most per first item"), null=True, blank=True, help_text=_("Empty: any number.")
    )
    max_sources = models.PositiveSmallIntegerField(
        _("most per second item"), null=True, blank=True, help_text=_("Empty: any number.")
    )
    source_classes = models.ManyToManyField(
        CIClass, blank=True, related_name="+", verbose_name=_("classes of the first"), help_text=_("None: any class.")
    )
    target_classes = models.ManyToManyField(
        CIClass, blank=True, related_name="+", verbose_name=_("classes of the second"), help_text=_("None: any class.")
    )
    controlled = models.BooleanField(_("controlled"), default=True)
    sure_for_days = models.PositiveSmallIntegerField(
        _("sure for days"),
        null=True,
        blank=True,
        help_text=_("After so many days without a new confirmation: unsure."),
    )

    #: Whoever saves it keeps how it is defined, too: once, not with each row that is saved.
    kept_by_hand = False

    class Meta(CodeTable.Meta):
        verbose_name = _("type of relations")
        verbose_name_plural = _("types of relations")

    @property
    def inverse(self) -> str:
        """The name read from the second item."""
        return in_language(self.inverse_zh, self.inverse_en)

    def definition(self) -> dict[str, Any]:
        """What is said about it, as kept with each change."""
        names = ("name_zh", "name_en", "inverse_zh", "inverse_en", "affects", "max_targets", "max_sources")
        said = {name: getattr(self, name) for name in (*names, "controlled", "sure_for_days", "active")}
        for end in ("source", "target"):
            said[f"allowed_{end}s"] = sorted(getattr(self, f"{end}_classes").values_list("pk", flat=True))
        return said


class RelationTypeVersion(DefinitionVersion):
    """How a type of relations was defined from a moment on."""

    relation_type = models.ForeignKey(RelationType, models.CASCADE, related_name="versions")

    def __str__(self) -> str:
        return f"{self.relation_type_id} {self.at:%Y-%m-%d %H:%M}"


class RelationFacts(models.Model):
    """What is said about a relation: of ``group`` on this side, ``needed`` are enough. No group: it is needed."""

    relation_type = models.ForeignKey(RelationType, models.PROTECT, related_name="+", verbose_name=_("relation"))
    source = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="+", verbose_name=_("first item"))
    target = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="+", verbose_name=_("second item"))
    group = models.CharField(_("redundancy group"), max_length=40, blank=True)
    needed = models.PositiveSmallIntegerField(_("needed of the group"), default=1)

    class Meta:
        abstract = True


class Relation(RelationFacts):
    """A relation between two items; ``active`` while it is believed to hold now. Written by ``cmdb.services``."""

    relation_type = models.ForeignKey(
        RelationType, models.PROTECT, related_name="relations", verbose_name=_("relation")
    )
    source = models.ForeignKey(
        ConfigurationItem, models.PROTECT, related_name="relations_out", verbose_name=_("first item")
    )
    target = models.ForeignKey(
        ConfigurationItem, models.PROTECT, related_name="relations_in", verbose_name=_("second item")
    )
    active = models.BooleanField(default=True)
    confirmed_at = models.DateTimeField(_("last confirmed"))
    graph_version = models.BigIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "relation_type", "target"], name="relation_once"),
        ]
        indexes = [
            models.Index(fields=["target", "relation_type"], name="relation_to", condition=Q(active=True)),
            models.Index(fields=["graph_version"], name="relation_by_graph_version"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.relation_type.name} {self.target}"


class RelationVersionQuerySet(models.QuerySet):
    """Versions of relations."""

    def believed(self) -> Self:
        """What is held true now."""
        return self.filter(recorded__upper_inf=True)

    def at(self, as_of: datetime, known_at: datetime | None) -> Self:
        """What held at ``as_of``, as known at ``known_at``."""
        found = self.filter(valid__contains=as_of)
        return found.believed() if known_at is None else found.filter(recorded__contains=known_at)


class RelationVersion(RelationFacts):
    """A relation as it held during ``valid``, as it was believed during ``recorded``; see ``ItemVersion``."""

    never_emptied = True
    relation = models.ForeignKey(Relation, models.CASCADE, related_name="versions")
    valid = DateTimeRangeField()
    recorded = DateTimeRangeField()
    sources = models.JSONField(default=dict)
    authority = models.CharField(max_length=12)
    reference = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    carried = models.BooleanField(default=False)
    batch = models.ForeignKey("cmdb.ItemImport", models.PROTECT, null=True, related_name="+")

    objects = RelationVersionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["relation", "-id"], name="relation_version_of")]
        constraints = [
            ExclusionConstraint(
                name="relation_version_believed_once",
                expressions=[same("relation"), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(recorded__upper_inf=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.relation_id} {self.valid}"

    @property
    def known(self) -> datetime:
        """When it was recorded."""
        return self.recorded.lower  # type: ignore[return-value]  # every version has a beginning


class GraphState(models.Model):
    """One row: a number that every write of a relation or a status raises. Who keeps the graph in memory asks it.

    ``born`` and ``xid`` tell a number from the same one of a transaction that was rolled back, or of another database.
    """

    version = models.BigIntegerField(default=0)
    xid = models.BigIntegerField(default=0)
    born = models.UUIDField(default=uuid4)

    def __str__(self) -> str:
        return str(self.version)


class GraphBatch(models.Model):
    """What a long transaction wrote has the number -``id`` until its end; ``version`` is the one that it got then.

    So nobody waits for it who writes meanwhile, and what it wrote needs no second writing.

    ``is_used``: whether this object gave its number to anything.
    """

    is_used = False

    version = models.BigIntegerField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.pk}: {self.version}"
