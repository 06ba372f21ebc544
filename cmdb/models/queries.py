"""Questions that are kept: the parameters of a list under a name (CMDB-05), and moments under a name (CMDB-04)."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission


class ItemQueryQuerySet(models.QuerySet):
    """Saved queries."""

    def visible_to(self, user: User) -> Self:
        """Those of the person's own, and those shared with all who see items of every customer."""
        if not user.may(Permission.CMDB_VIEW):
            return self.none()
        return self.filter(Q(owner=user) | Q(shared=True))


class ItemQuery(models.Model):
    """A list of items under a name. ``params``: what its address says, without moment and page."""

    name = models.CharField(_("name"), max_length=120)
    owner = models.ForeignKey(User, models.CASCADE, related_name="item_queries", verbose_name=_("owner"))
    shared = models.BooleanField(_("shared"), default=False, help_text=_("Everybody who sees items finds it."))
    params = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects = ItemQueryQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("saved query of items")
        verbose_name_plural = _("saved queries of items")
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="item_query_name_once")]

    def __str__(self) -> str:
        return self.name

    def parameters(self) -> QueryDict:
        """What it asks."""
        return QueryDict(self.params)


class Baseline(models.Model):
    """A moment under a name, as it was known then: what is compared with later."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    at = models.DateTimeField(_("moment"))
    note = models.CharField(_("why"), max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("baseline")
        verbose_name_plural = _("baselines")

    def __str__(self) -> str:
        return self.name
