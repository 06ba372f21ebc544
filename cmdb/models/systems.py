"""Business systems: the services that the desk supports."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable, CodeTableQuerySet
from accounts.models import Organisation, SupportGroup, User
from cmdb.models.classes import DefinitionVersion
from cmdb.uses import sees_all, used_by


class BusinessSystemClass(CodeTable):
    """How much the business depends on a system; decides the impact that intake offers first."""

    default_impact = models.CharField(_("default impact"), max_length=10, blank=True)

    class Meta(CodeTable.Meta):
        verbose_name = _("class of business systems")
        verbose_name_plural = _("classes of business systems")


class BusinessSystemQuerySet(CodeTableQuerySet):
    """Business systems."""

    def visible_to(self, user: User) -> BusinessSystemQuerySet:
        """Every one for people of the provider; others see what their own organisation uses (ORG-03)."""
        return self if sees_all(user) else self.filter(used_by(user))


class BusinessSystem(CodeTable):
    """A service that the desk supports, with its primary and deputy engineer (主岗, 副岗; ORG-04).

    Customers see it when their organisation uses it (``cmdb.uses``).
    """

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
    organisations = models.ManyToManyField(
        Organisation,
        verbose_name=_("used by"),
        related_name="systems",
        blank=True,
        help_text=_("Besides those on whose tickets or configuration items it stands. Others do not see it."),
    )
    for_everybody = models.BooleanField(
        _("offered to every customer"),
        default=False,
        db_default=False,
        help_text=_("Every customer can choose it, whether they used it yet or not."),
    )

    objects: ClassVar[Any] = BusinessSystemQuerySet.as_manager()

    class Meta(CodeTable.Meta):
        verbose_name = _("business system")
        verbose_name_plural = _("business systems")

    def definition(self) -> dict[str, Any]:
        """What is said about it that lists ask for, as kept with each change."""
        return {name: getattr(self, name) for name in ("name_zh", "name_en", "system_class_id", "active")}


class BusinessSystemVersion(DefinitionVersion):
    """How a business system was defined from a moment on."""

    system = models.ForeignKey(BusinessSystem, models.CASCADE, related_name="versions")

    def __str__(self) -> str:
        return f"{self.system_id} {self.at:%Y-%m-%d %H:%M}"
