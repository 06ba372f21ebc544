"""Audits: items compared with reality by people, all of them or a sample drawn by a recorded seed (CMDB-07)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from cmdb.models.items import ConfigurationItem


class Audit(models.Model):
    """A campaign. ``params``: which items, as an address of the list says it; ``population``: how many were meant."""

    name = models.CharField(_("name"), max_length=120)
    params = models.TextField(blank=True)
    sample = models.PositiveIntegerField(_("sample"), null=True, blank=True, help_text=_("Empty: all of them."))
    seed = models.BigIntegerField(_("seed"))
    population = models.PositiveIntegerField(_("items in all"), default=0)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        ordering = ["-opened_at", "-pk"]
        verbose_name = _("audit of items")
        verbose_name_plural = _("audits of items")

    def __str__(self) -> str:
        return self.name


class AuditCheck(models.Model):
    """An item of an audit, and what was found. ``recorded``: what the record said then."""

    class Result(models.TextChoices):
        RIGHT = "right", pgettext_lazy("audit", "As recorded")
        DIFFERS = "differs", pgettext_lazy("audit", "Differs")
        MISSING = "missing", pgettext_lazy("audit", "Not there")

    audit = models.ForeignKey(Audit, models.CASCADE, related_name="checks")
    item = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="audit_checks")
    recorded = models.JSONField(default=dict)
    result = models.CharField(_("result"), max_length=8, choices=Result, blank=True)
    seen = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=400, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), null=True)

    class Meta:
        ordering = ["item__identifier"]
        verbose_name = _("check of an audit")
        verbose_name_plural = _("checks of audits")
        constraints = [models.UniqueConstraint(fields=["audit", "item"], name="audit_checks_item_once")]

    def __str__(self) -> str:
        return f"{self.audit}: {self.item}"


class AuditExtra(models.Model):
    """Something that stood there and is not recorded."""

    audit = models.ForeignKey(Audit, models.CASCADE, related_name="extras")
    what = models.CharField(_("what stands there"), max_length=200)
    place = models.CharField(_("where"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.what


def photo_path(photo: AuditPhoto, filename: str) -> str:
    """A random name, so that nothing about the file or its sender can be guessed or abused."""
    return f"audits/{photo.storage_name[:2]}/{photo.storage_name}"


class AuditPhoto(models.Model):
    """A picture of what was found: at a check, or of something that is not recorded (``extra``). Without its metadata,
    served by a checked view only, drawn anew.
    """

    audit_check = models.ForeignKey(AuditCheck, models.CASCADE, null=True, related_name="photos")
    extra = models.ForeignKey(AuditExtra, models.CASCADE, null=True, related_name="photos")
    name = models.CharField(_("file name"), max_length=200)
    storage_name = models.CharField(max_length=64, unique=True, editable=False)
    file = models.FileField(upload_to=photo_path, max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("size (bytes)"))
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))

    class Meta:
        ordering = ["pk"]
        verbose_name = _("photo of a check")
        verbose_name_plural = _("photos of checks")
        constraints = [
            models.CheckConstraint(
                condition=Q(audit_check=None, extra__isnull=False) | Q(audit_check__isnull=False, extra=None),
                name="audit_photo_of_one",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def found(self) -> AuditCheck | AuditExtra:
        """What it is of."""
        of: AuditCheck | AuditExtra | None = self.audit_check or self.extra
        assert of is not None  # noqa: S101 - the database sees to it
        return of
