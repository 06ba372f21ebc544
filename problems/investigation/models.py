"""The investigation of a problem as rows: what several people write at once stays apart (PRB-04)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from tickets.models import Attachment, TimelineEntry


class Note(models.Model):
    """One part of the record, such as the environment. ``version`` grows with every change."""

    class Part(models.TextChoices):
        ENVIRONMENT = "environment", _("Environment")
        STEPS = "steps", _("Steps that show it")
        REPRODUCED = "reproduced", _("Reproduced")
        BUSINESS = "business", _("Effect on business")
        RISK = "risk", _("Risk")
        CONCLUSION = "conclusion", _("Conclusion")

    problem = models.ForeignKey("problems.Problem", models.CASCADE, related_name="notes")
    part = models.CharField(_("part"), max_length=20, choices=Part)
    text = models.TextField(_("text"), blank=True)
    version = models.PositiveIntegerField(default=1)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("part of an investigation")
        verbose_name_plural = _("parts of investigations")
        constraints = [models.UniqueConstraint(fields=["problem", "part"], name="note_once_a_part")]

    def __str__(self) -> str:
        return f"{self.problem_id} {self.part}"


class Evidence(models.Model):
    """Something observed, or a hypothesis with its verdict; perhaps a line of a timeline, or a file."""

    class Kind(models.TextChoices):
        EVIDENCE = "evidence", _("Evidence")
        HYPOTHESIS = "hypothesis", _("Hypothesis")

    class Verdict(models.TextChoices):
        OPEN = "open", pgettext_lazy("hypothesis", "Open")
        CONFIRMED = "confirmed", _("Confirmed")
        REFUTED = "refuted", _("Refuted")

    problem = models.ForeignKey("problems.Problem", models.CASCADE, related_name="evidence")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    text = models.TextField(_("text"))
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict, blank=True)
    reason = models.TextField(_("what speaks for the verdict"), blank=True)
    entry = models.ForeignKey(TimelineEntry, models.SET_NULL, null=True, related_name="+")
    file = models.ForeignKey(Attachment, models.SET_NULL, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")

    def __str__(self) -> str:
        return self.text[:80]


class Cause(models.Model):
    """A cause in a tree: a bone of the fishbone, or one answer in the chain of five whys."""

    class Method(models.TextChoices):
        WHYS = "whys", _("Five whys")
        FISHBONE = "fishbone", _("Fishbone")

    problem = models.ForeignKey("problems.Problem", models.CASCADE, related_name="causes")
    method = models.CharField(max_length=10, choices=Method)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    position = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(_("cause"), max_length=200)
    is_root = models.BooleanField(_("root cause"), default=False)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("cause")
        verbose_name_plural = _("causes")

    def __str__(self) -> str:
        return self.text
