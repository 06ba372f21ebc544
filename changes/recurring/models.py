"""Rules by which changes come again, and what became of each date."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from changes.catalogue.models import ChangeTemplate
from changes.schedule.freeze_models import WindowVersion
from cmdb.models import ConfigurationItem
from duty.models import check_zone, portal_zone
from tickets.database.triggers import APPEND_ONLY

MOST_MINUTES, MOST_AHEAD = 7 * 24 * 60, 90


class Recurrence(models.Model):
    """Every ``every`` days, weeks or months from ``first_day`` on, at ``begins_at`` of ``zone``, ``minutes`` long.

    Exactly one of ``template`` (it is ordered) and ``copied`` (a draft is made) is set. ``ahead``: days before its
    window at which a change is raised. ``handled_until``: beginning of the last date that was dealt with; dates before
    it are never raised. ``last_day``: the last day on which it may begin.
    """

    class Unit(models.TextChoices):
        DAY = "day", _("days")
        WEEK = "week", _("weeks")
        MONTH = "month", _("months, on the same day")
        WEEKDAY = "weekday", _("months, on the same weekday")

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        ENDED = "ended", pgettext_lazy("recurrence", "ended")

    title = models.CharField(_("summary"), max_length=200)
    template = models.ForeignKey(
        ChangeTemplate, models.PROTECT, null=True, related_name="recurrences", verbose_name=_("standard change")
    )
    copied = models.ForeignKey(
        "changes.Change", models.PROTECT, null=True, related_name="recurrences", verbose_name=_("copied from")
    )
    items = models.ManyToManyField(ConfigurationItem, related_name="+", verbose_name=_("configuration items"))
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("owner"))
    every = models.PositiveSmallIntegerField(_("every"), validators=[MinValueValidator(1), MaxValueValidator(366)])
    unit = models.CharField(_("unit"), max_length=8, choices=Unit)
    first_day = models.DateField(_("first on"))
    begins_at = models.TimeField(_("from (time of day)"))
    minutes = models.PositiveIntegerField(
        _("lasts (minutes)"), validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)]
    )
    zone = models.CharField(_("time zone"), max_length=50, default=portal_zone, validators=[check_zone])
    last_day = models.DateField(_("last on"), null=True)
    ahead = models.PositiveSmallIntegerField(_("raised before (days)"), validators=[MaxValueValidator(MOST_AHEAD)])
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    handled_until = models.DateTimeField(_("dealt with until"))

    class Meta:
        ordering = ["status", "title", "pk"]
        verbose_name = _("recurring change")
        verbose_name_plural = _("recurring changes")
        constraints = [
            models.CheckConstraint(
                condition=Q(template=None, copied__isnull=False) | Q(template__isnull=False, copied=None),
                name="recurrence_of_one",
            )
        ]

    def __str__(self) -> str:
        return self.title


class RecurrenceVersion(WindowVersion):
    """A recurring change as it stood since somebody saved it."""

    rule = models.ForeignKey(Recurrence, models.PROTECT, related_name="versions", verbose_name=_("recurring change"))

    class Meta(WindowVersion.Meta):
        verbose_name = _("version of a recurring change")
        verbose_name_plural = _("versions of recurring changes")
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="recurrence_version_once")]
        triggers = [APPEND_ONLY]


class Occurrence(models.Model):
    """What became of one date: the change that was raised, or why none was. Never changed."""

    recurrence = models.ForeignKey(Recurrence, models.PROTECT, related_name="occurrences")
    begins_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("begins"))
    change = models.OneToOneField("changes.Change", models.PROTECT, null=True, related_name="occurrence")
    refusal = models.TextField(_("why none was raised"), blank=True)
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("time"))

    class Meta:
        ordering = ["-begins_at"]
        verbose_name = _("date of a recurring change")
        verbose_name_plural = _("dates of recurring changes")
        constraints = [models.UniqueConstraint(fields=["recurrence", "begins_at"], name="occurrence_once")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.recurrence} {self.begins_at:%Y-%m-%d}"
