"""Calendars: which time counts. What was published never changes; an edit publishes a new version."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable
from accounts.models import User
from tickets.database.triggers import APPEND_ONLY


class Calendar(CodeTable):
    """A named set of working hours, such as 5x8.

    ``current`` is the version that new clocks use; ``followed`` the number of the one that running clocks have
    taken over: they do so in the background, right after it was published.
    """

    current = models.OneToOneField(
        "CalendarVersion", models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("version")
    )

    followed = models.PositiveIntegerField(default=0, editable=False)

    class Meta(CodeTable.Meta):
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")


class CalendarVersion(models.Model):
    """The hours of a calendar as they were published at a moment. Never changed (SLM-05).

    ``week``: seven lists, Monday first, of ``[start, end]`` in minutes after midnight, up to 1440.
    ``always``: round the clock; ``week`` and days mean nothing then. ``confirmed_until``: the last date whose
    public holidays are known; due times beyond it are provisional. None: nothing needs to be confirmed.
    """

    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="versions", verbose_name=_("calendar"))
    number = models.PositiveIntegerField(_("version"))
    zone = models.CharField(_("time zone"), max_length=50)
    always = models.BooleanField(_("round the clock"), default=False)
    week = models.JSONField(_("weekly hours"), default=list)
    confirmed_until: models.DateField[date | None, date | None] = models.DateField(_("confirmed until"), null=True)
    content_hash = models.CharField(max_length=64)
    note = models.CharField(_("reason"), max_length=300, blank=True)
    published_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("published by"))

    class Meta:
        ordering = ["calendar", "-number"]
        verbose_name = _("version of a calendar")
        verbose_name_plural = _("versions of calendars")
        constraints = [models.UniqueConstraint(fields=["calendar", "number"], name="calendar_version_unique")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.calendar_id} v{self.number}"


class CalendarDay(models.Model):
    """A date whose hours differ from the week's; no intervals: closed all day."""

    class Source(models.TextChoices):
        IMPORT = "import", _("Imported")
        MANUAL = "manual", _("Entered by hand")

    version = models.ForeignKey(CalendarVersion, models.CASCADE, related_name="days")
    date: models.DateField[date, date] = models.DateField(_("date"))
    intervals: models.JSONField[Any, Any] = models.JSONField(_("hours"), default=list)
    label = models.CharField(_("name"), max_length=100, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source)

    class Meta:
        ordering = ["date"]
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        constraints = [
            models.UniqueConstraint(fields=["version", "date"], name="calendar_day_unique"),
            models.CheckConstraint(condition=~Q(source=""), name="calendar_day_has_source"),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.date} {self.label}"
