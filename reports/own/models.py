"""Boards of one's own."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User


class OwnBoard(models.Model):
    """Chosen figures and charts of a kind, in order. ``role``: who else sees it.

    ``figures``: codes of measures; ``charts``: pairs of a chart's code and its size; ``parameters``: period and
    filters as an address has them. What there is no more is left out when it is shown.
    """

    class Size(models.TextChoices):
        NORMAL = "normal", _("A third")
        HALF = "half", _("Half")
        WIDE = "wide", _("Whole width")

    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=20)
    owner = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("made by"))
    role = models.ForeignKey(Role, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("role"))
    figures = models.JSONField(default=list)
    charts = models.JSONField(default=list)
    parameters = models.CharField(max_length=1000, blank=True)
    made_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("own board")
        verbose_name_plural = _("own boards")

    def __str__(self) -> str:
        return self.name

    @property
    def query(self) -> QueryDict:
        """Period and filters."""
        return QueryDict(self.parameters)
