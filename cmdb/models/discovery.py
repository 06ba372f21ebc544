"""What discovery saw: by which source, when, and what differs from the record (CMDB-08)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.models.items import ConfigurationItem


class Sighting(models.Model):
    """A thing as a source last saw it, under the name the source has for it; ``scan``: in which of its scans."""

    source = models.CharField(_("source"), max_length=40)
    key = models.CharField(_("key at the source"), max_length=200)
    item = models.ForeignKey(
        ConfigurationItem, models.CASCADE, null=True, related_name="sightings", verbose_name=_("configuration item")
    )
    seen_at = models.DateTimeField(_("last seen"))
    scan = models.CharField(_("scan"), max_length=80, blank=True, default="", db_default="")
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="sighting_once")]

    def __str__(self) -> str:
        return f"{self.source}: {self.key}"


class Difference(models.Model):
    """Something that a person has to decide: a controlled value that differs, a thing that fits nothing or several.

    ``seen_value`` is the value, or of a thing all its values as they were seen. What was decided of a thing holds
    while the source says the same, unless it was taken back (``undone_at``).
    """

    class What(models.TextChoices):
        VALUE = "value", _("A value differs")
        UNKNOWN = "unknown", _("Nothing like it is recorded")
        SEVERAL = "several", _("Several items fit")
        GONE = "gone", _("Not seen any more")
        RETIRED = "retired", _("Recorded as retired")

    class Decision(models.TextChoices):
        TAKEN = "taken", _("Taken over")
        KEPT = "kept", _("The record is right")
        ITEM = "item", _("It is an item of ours")
        NEW = "new", _("Recorded as new")
        OUT = "out", _("None of ours")
        VOID = "void", _("The source is withdrawn")

    #: It is open which item a thing is.
    THINGS = (What.UNKNOWN, What.SEVERAL, What.RETIRED)
    #: What people say of that.
    OF_THINGS = (Decision.ITEM, Decision.NEW, Decision.OUT)

    sighting = models.ForeignKey(Sighting, models.CASCADE, related_name="differences")
    item = models.ForeignKey(ConfigurationItem, models.CASCADE, null=True, related_name="differences")
    what = models.CharField(_("what"), max_length=8, choices=What)
    field = models.CharField(_("field"), max_length=40, blank=True)
    recorded_value = models.JSONField(null=True)
    seen_value = models.JSONField(null=True)
    candidates = models.JSONField(default=list)
    found_at = models.DateTimeField(_("found"), default=timezone.now)
    decision = models.CharField(_("decision"), max_length=5, choices=Decision, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="", db_default="")
    reference = models.CharField(_("change"), max_length=60, blank=True, default="", db_default="")
    undone_at = models.DateTimeField(_("taken back"), null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-found_at", "-pk"]
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints = [
            models.UniqueConstraint(
                fields=["sighting", "what", "field"], condition=models.Q(decision=""), name="difference_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.sighting}"
