"""Business systems: the services that the desk supports."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable
from accounts.models import SupportGroup, User


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
