"""Freeze windows: when nothing may be changed, as rules in local wall time."""

from __future__ import annotations

from datetime import time

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.codes import BilingualName
from accounts.models import User
from cmdb.models import BusinessSystem
from duty.models import check_zone, portal_zone
from tickets.database.triggers import APPEND_ONLY


class FreezeRule(BilingualName):
    """Around holidays, or a span: from ``starts_at`` to ``ends_at``. Times of day are of ``zone``."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("around holidays")
        SPAN = "span", _("a span")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.HOLIDAY)
    min_days = models.PositiveSmallIntegerField(
        _("holidays of at least (days)"), default=3, validators=[MinValueValidator(1)]
    )
    days_before = models.PositiveSmallIntegerField(
        _("trading days before"), default=1, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    begins_at = models.TimeField(_("from (time of day)"), default=time(20))
    closes_at = models.TimeField(_("until (time of day)"), default=time(17))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=50, default=portal_zone, validators=[check_zone])
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["code"]
        verbose_name = _("freeze window")
        verbose_name_plural = _("freeze windows")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="holiday") | Q(starts_at__isnull=False, ends_at__gt=F("starts_at")),
                name="freeze_span_has_ends",
            )
        ]

    def clean(self) -> None:
        """A span has both ends."""
        if self.kind == self.Kind.SPAN and not (self.starts_at and self.ends_at and self.ends_at > self.starts_at):
            raise ValidationError({"ends_at": _("A span needs a beginning and an end after it.")})


class MaintenanceWindow(models.Model):
    """When a business system may be worked on: each week from a time of day on, for so many minutes, in ``zone``.

    A system with windows wants its changes in them; one without has none to keep to.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    business_system = models.ForeignKey(
        BusinessSystem, models.CASCADE, related_name="maintenance_windows", verbose_name=_("business system")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    begins_at = models.TimeField(_("from (time of day)"))
    minutes = models.PositiveIntegerField(
        _("lasts (minutes)"), validators=[MinValueValidator(1), MaxValueValidator(7 * 24 * 60)]
    )
    zone = models.CharField(_("time zone"), max_length=50, default=portal_zone, validators=[check_zone])
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["business_system", "weekday", "begins_at"]
        verbose_name = _("maintenance window")
        verbose_name_plural = _("maintenance windows")
        constraints = [
            models.UniqueConstraint(fields=["business_system", "weekday", "begins_at"], name="maintenance_window_once")
        ]

    def __str__(self) -> str:
        return f"{self.business_system} {self.get_weekday_display()} {self.begins_at:%H:%M}"


class WindowVersion(models.Model):
    """What a window said since ``made_at``, column by column; see ``changes.freezing.versions``. Never changed."""

    number = models.PositiveIntegerField(_("version"))
    content = models.JSONField()
    reason = models.TextField(_("reason"), blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))

    class Meta:
        abstract = True
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"v{self.number}"


class FreezeVersion(WindowVersion):
    """A freeze window as it stood."""

    rule = models.ForeignKey(FreezeRule, models.PROTECT, related_name="versions", verbose_name=_("freeze window"))

    class Meta(WindowVersion.Meta):
        verbose_name = _("version of a freeze window")
        verbose_name_plural = _("versions of freeze windows")
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="freeze_version_once")]
        triggers = [APPEND_ONLY]


class MaintenanceVersion(WindowVersion):
    """A maintenance window as it stood."""

    rule = models.ForeignKey(
        MaintenanceWindow, models.PROTECT, related_name="versions", verbose_name=_("maintenance window")
    )

    class Meta(WindowVersion.Meta):
        verbose_name = _("version of a maintenance window")
        verbose_name_plural = _("versions of maintenance windows")
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="maintenance_version_once")]
        triggers = [APPEND_ONLY]


class CollisionOverride(models.Model):
    """Somebody signs that a change goes on in spite of hard collisions; counts for these and this window only.

    An emergency may have no window: whoever begins it signs for the time that it takes.
    ``collisions``: {key, reason, zh, en} of each, as it was read. None in rows of earlier releases, which kept only
    that somebody signed: they count for the whole window, as they did when it was signed for.
    """

    change = models.ForeignKey("changes.Change", models.CASCADE, related_name="overrides")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.TextField(_("reason"))
    at = models.DateTimeField(_("time"))
    planned_start = models.DateTimeField(null=True)
    planned_end = models.DateTimeField(null=True)
    collisions = models.JSONField(_("collisions"), null=True)

    class Meta:
        ordering = ["at"]
        verbose_name = _("override of collisions")
        verbose_name_plural = _("overrides of collisions")
        triggers = [pgtrigger.Protect(name="override_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.change_id} {self.person_id}"

    def covers(self, key: str) -> bool:
        """Whether it was signed for the collision of this key."""
        return self.collisions is None or any(one["key"] == key for one in self.collisions)
