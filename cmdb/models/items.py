"""Configuration items: what is believed now on the item's row, what was believed when in its versions (CMDB-04)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, SupportGroup, User
from accounts.permissions import Permission
from cmdb.models.classes import CIClass, CIStatus
from cmdb.models.systems import BusinessSystem


def same(column: str) -> tuple[Func, str]:
    """Equality of ``column`` for an exclusion: as a range, which needs no extension (decision 0021)."""
    return Func(F(column), F(column), Value("[]"), function="int8range"), RangeOperators.OVERLAPS


def released_to(user: User) -> models.QuerySet:
    """Keys of the shared items that were released to the organisation of ``user``."""
    from cmdb.models.releases import Release  # refers to the items

    return Release.objects.standing().filter(organisation=user.organisation_id).values("item")


class FactsQuerySet(models.QuerySet):
    """Items now, or items as they were: searched and filtered alike."""

    def visible_to(self, user: User) -> Self:
        """Every item for those who may see all, else those of the own organisation and shared ones that were
        released to it (ORG-03).
        """
        if user.may(Permission.CMDB_VIEW):
            return self
        return self.filter(Q(organisation_id=user.organisation_id) | Q(organisation=None, pk__in=released_to(user)))

    #: The column with the key of the item.
    item_key = "pk"

    def matching(self, words: str, user: User, at: datetime | None = None) -> Self:
        """Items whose identifier or name contains each of ``words``, or an identifier that leads to them: of what was
        merged into them by ``at`` (None: now), as far as ``user`` is told of it.
        """
        found = self
        for word in words.split():
            led = Q(**{f"{self.item_key}__in": led_to(word, user, at)})
            found = found.filter(Q(identifier__icontains=word) | Q(name__icontains=word) | led)
        return found


class LedTo(Func):
    """Keys of what merged items became, over any number of merges that stood at a moment (``led_to``)."""

    template = """(
        WITH RECURSIVE asked (moment, word, every, organisation) AS (SELECT %(expressions)s), standing AS (
            SELECT item_id, other_id FROM cmdb_identitychange, asked
            WHERE kind = 'merge' AND at <= moment AND (undone_at IS NULL OR undone_at > moment)
        ), led (id) AS (
            SELECT standing.item_id
            FROM standing JOIN cmdb_configurationitem other ON other.id = standing.other_id, asked
            WHERE strpos(upper(other.identifier), upper(word)) > 0 AND (every OR other.organisation_id = organisation)
            UNION SELECT standing.item_id FROM standing JOIN led ON standing.other_id = led.id
        )
        SELECT id FROM led
    )"""
    output_field = models.BigIntegerField()


def led_to(word: str, user: User, at: datetime | None) -> Func:
    """Keys of the items that merged ones became whose identifier contains ``word``: it leads to them for life.

    Customers follow those of their own organisation only, as its page names no others to them (ORG-03).
    """
    moment = Cast(Value(at.isoformat() if at else "infinity"), models.DateTimeField())
    every = Value(user.may(Permission.CMDB_VIEW), models.BooleanField())
    organisation = Cast(Value(user.organisation_id), models.BigIntegerField())
    return LedTo(moment, Cast(Value(word), models.TextField()), every, organisation)


class ConfigurationItemQuerySet(FactsQuerySet):
    """Configuration items."""


class ItemVersionQuerySet(FactsQuerySet):
    """Versions of items."""

    item_key = "item"

    def visible_to(self, user: User) -> Self:
        """Of customers: what was theirs then and is now; of shared ones what was shared then and is released."""
        if user.may(Permission.CMDB_VIEW):
            return self
        own = Q(organisation_id=user.organisation_id, item__organisation_id=user.organisation_id)
        return self.filter(own | Q(organisation=None, item__organisation=None, item__in=released_to(user)))

    def believed(self) -> Self:
        """What is held true now."""
        return self.filter(recorded__upper_inf=True)

    def during(self, since: datetime, until: datetime | None) -> Self:
        """What is believed of the time from ``since`` until ``until`` (None: for ever)."""
        return self.believed().filter(valid__overlap=(since, until))

    def at(self, as_of: datetime, known_at: datetime | None) -> Self:
        """How it was at ``as_of``, as known at ``known_at``; as known now without it. Ends do not count."""
        found = self.filter(valid__contains=as_of)
        return found.believed() if known_at is None else found.filter(recorded__contains=known_at)


class ItemFacts(models.Model):
    """What is said about an item at one moment."""

    name = models.CharField(_("name"), max_length=200)
    ci_class = models.ForeignKey(CIClass, models.PROTECT, related_name="%(class)ss", verbose_name=_("class"))
    status = models.ForeignKey(CIStatus, models.PROTECT, related_name="%(class)ss", verbose_name=_("status"))
    business_system = models.ForeignKey(
        BusinessSystem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("business system"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("organisation"),
        help_text=_("Empty: shared by all customers; only the provider's staff see it."),
    )
    default_group = models.ForeignKey(
        SupportGroup,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("default group"),
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        identifier: str = getattr(self, "identifier", "")
        return f"{identifier} {self.name}" if self.name != identifier else identifier


class ConfigurationItem(ItemFacts):
    """A thing that services are made of. ``identifier`` is unique for its whole life (CMDB-01).

    Written by ``cmdb.services`` alone, together with its versions. ``graph_version`` is the state of the graph in
    which its status last changed.
    """

    identifier = models.CharField(_("identifier"), max_length=100, unique=True)
    graph_version = models.BigIntegerField(default=0, editable=False)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged_from", editable=False)
    missing_since = models.DateTimeField(_("not seen since"), null=True, editable=False)

    objects = ConfigurationItemQuerySet.as_manager()

    class Meta:
        ordering = ["identifier"]
        verbose_name = _("configuration item")
        verbose_name_plural = _("configuration items")
        indexes = [
            models.Index(fields=["name", "id"], name="item_by_name"),
            models.Index(fields=["graph_version"], name="item_by_graph_version"),
            GinIndex(fields=["attributes"], name="item_attributes", opclasses=["jsonb_path_ops"]),
        ]


class ItemVersion(ItemFacts):
    """An item as it was during ``valid``, as it was believed during ``recorded``.

    ``sources`` says for each field by whom and when its value came: ``{"": [source, moment], field: …}``, the empty
    name standing for all others. ``authority`` is what allowed it: a change, a correction, an import … ``carried``:
    only the period is new, what is said was said before.
    """

    never_emptied = True
    item = models.ForeignKey(ConfigurationItem, models.CASCADE, related_name="versions")
    identifier = models.CharField(max_length=100)
    valid = DateTimeRangeField(_("so from … until"))
    recorded = DateTimeRangeField(_("known from … until"))
    sources = models.JSONField(default=dict)
    authority = models.CharField(max_length=12)
    reference = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    carried = models.BooleanField(default=False)
    batch = models.ForeignKey("cmdb.ItemImport", models.PROTECT, null=True, related_name="+")

    objects = ItemVersionQuerySet.as_manager()

    class Meta:
        ordering = ["identifier"]
        indexes = [
            models.Index(fields=["item", "-id"], name="item_version_of_item"),
            models.Index(fields=["identifier"], name="item_version_identifier"),
        ]
        constraints = [
            ExclusionConstraint(
                name="item_version_believed_once",
                expressions=[same("item"), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(recorded__upper_inf=True),
            )
        ]

    @property
    def since(self) -> datetime:
        """From when it was so."""
        return self.valid.lower  # type: ignore[return-value]  # every version has a beginning

    @property
    def known(self) -> datetime:
        """When it was recorded."""
        return self.recorded.lower  # type: ignore[return-value]  # as above

    @property
    def facts(self) -> dict[str, Any]:
        """Every field with its value, attributes among the columns."""
        return {**{name: getattr(self, name) for name in COLUMNS}, **self.attributes}


#: The columns among the facts of an item.
COLUMNS = ("name", "ci_class_id", "status_id", "business_system_id", "organisation_id", "default_group_id")
