"""What the provider looks after: business systems and configuration items. Knows no tickets."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable
from accounts.models import Organisation, SupportGroup, User
from accounts.permissions import Permission


class BusinessSystemClass(CodeTable):
    """How much the business depends on a system; decides the impact that intake offers first."""

    default_impact = models.CharField(_("default impact"), max_length=10, blank=True)

    class Meta(CodeTable.Meta):
        verbose_name = _("class of business systems")
        verbose_name_plural = _("classes of business systems")


class BusinessSystem(CodeTable):
    """A service that the desk supports, with its primary and deputy engineer (主岗, 副岗; ORG-04)."""

    system_class = models.ForeignKey(
        BusinessSystemClass, models.PROTECT, related_name="systems", verbose_name=_("class")
    )
    primary_engineer = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="primary_systems",
        verbose_name=_("primary engineer"),
    )
    deputy_engineer = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deputy_systems",
        verbose_name=_("deputy engineer"),
    )
    default_group = models.ForeignKey(
        SupportGroup,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="default_systems",
        verbose_name=_("default group"),
    )

    aliases = ArrayField(
        models.CharField(max_length=80),
        verbose_name=_("other names"),
        default=list,
        blank=True,
        help_text=_("What people call it, parted by commas: a call that names one finds the system."),
    )

    class Meta(CodeTable.Meta):
        verbose_name = _("business system")
        verbose_name_plural = _("business systems")


class CIClass(CodeTable):
    """A class of configuration items and the attributes its items have."""

    attributes = ArrayField(models.CharField(max_length=40), verbose_name=_("attributes"), default=list, blank=True)

    class Meta(CodeTable.Meta):
        verbose_name = _("class of configuration items")
        verbose_name_plural = _("classes of configuration items")


class CIStatus(CodeTable):
    """Where a configuration item stands in its life (CMDB-03)."""

    class Meta(CodeTable.Meta):
        verbose_name = _("status of configuration items")
        verbose_name_plural = _("statuses of configuration items")


class ConfigurationItemQuerySet(models.QuerySet):
    """Configuration items."""

    def visible_to(self, user: User) -> ConfigurationItemQuerySet:
        """Every item for those who may see all, else those of the own organisation (ORG-03)."""
        if user.may(Permission.CMDB_VIEW):
            return self
        return self.filter(organisation_id=user.organisation_id)

    def matching(self, words: str) -> ConfigurationItemQuerySet:
        """Items whose identifier or name contains each of ``words``."""
        found = self
        for word in words.split():
            found = found.filter(Q(identifier__icontains=word) | Q(name__icontains=word))
        return found


class ConfigurationItem(models.Model):
    """A thing that services are made of. ``identifier`` is unique for its whole life (CMDB-01)."""

    identifier = models.CharField(_("identifier"), max_length=100, unique=True)
    name = models.CharField(_("name"), max_length=200)
    ci_class = models.ForeignKey(CIClass, models.PROTECT, related_name="items", verbose_name=_("class"))
    status = models.ForeignKey(CIStatus, models.PROTECT, related_name="items", verbose_name=_("status"))
    business_system = models.ForeignKey(
        BusinessSystem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
        verbose_name=_("business system"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
        verbose_name=_("organisation"),
        help_text=_("Empty: shared by all customers; only the provider's staff see it."),
    )
    default_group = models.ForeignKey(
        SupportGroup,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="default_items",
        verbose_name=_("default group"),
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)

    objects = ConfigurationItemQuerySet.as_manager()

    class Meta:
        ordering = ["identifier"]
        verbose_name = _("configuration item")
        verbose_name_plural = _("configuration items")

    def __str__(self) -> str:
        return f"{self.identifier} {self.name}" if self.name != self.identifier else self.identifier
