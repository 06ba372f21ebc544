"""Baselines, and the reviews that compare with them."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.database.triggers import APPEND_ONLY


class FigureBaseline(models.Model):
    """The figures of a kind in a period that later ones are held against; the newest holds. Never changed.

    ``start``, ``end``: local days, the end not included. ``figures``: of each its code, version, value, numerator and
    denominator, as known at ``known_at``.
    """

    kind = models.CharField(_("kind"), max_length=20)
    start: models.DateField[date, date] = models.DateField(_("from"))
    end: models.DateField[date, date] = models.DateField(_("to, not included"))
    reason = models.TextField(_("why this period"))
    figures = models.JSONField(default=list)
    known_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("set by"))
    set_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("set"))

    class Meta:
        ordering = ["-set_at", "-pk"]
        verbose_name = _("baseline of figures")
        verbose_name_plural = _("baselines of figures")
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.kind} {self.start} {self.end}"


class ProcessReview(models.Model):
    """What a review of a process found about a half-year, with its figures and the baseline of then. Never changed.

    ``half``: its first day. A correction is another one.
    """

    class Occasion(models.TextChoices):
        HALF_YEAR = "half_year", _("The half-year is over")
        BUSINESS = "business", _("The business changed")

    kind = models.CharField(_("kind"), max_length=20)
    half: models.DateField[date, date] = models.DateField(_("half-year"))
    occasion = models.CharField(_("occasion"), max_length=10, choices=Occasion, default=Occasion.HALF_YEAR)
    efficiency = models.TextField(_("efficiency of the process"))
    tools = models.TextField(_("effectiveness of the tools"))
    improvements = models.TextField(_("improvements decided"), blank=True)
    baseline = models.ForeignKey(FigureBaseline, models.PROTECT, null=True, related_name="+")
    figures = models.JSONField(default=list)
    known_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("written by"))
    written_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("written"))

    class Meta:
        ordering = ["-written_at", "-pk"]
        verbose_name = _("process review")
        verbose_name_plural = _("process reviews")
        indexes = [models.Index(fields=["kind", "half"], name="process_review_half")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.kind} {self.half}"
