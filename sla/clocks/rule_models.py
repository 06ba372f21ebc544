"""Edits of rules that open clocks have to follow."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User


class RuleEdit(models.Model):
    """Somebody added, changed, switched or removed a rule; the engine brings the timers of open clocks in line.

    ``rule``: as timers name it. ``scopes``: of which clocks it was and is, as [agreement, metric, rank or None].
    ``looked_to``: the highest clock looked at; ``left``: clocks that somebody was working on then; ``done_at`` None:
    there is something left. ``armed``, ``passed``, ``taken_back``: timers that were armed, that lay behind already,
    and that are not wanted any more.
    """

    class Stage(models.TextChoices):
        ALL = "all", _("Going through all")
        BEGUN_MEANWHILE = "begun", _("Looking at those that began meanwhile")
        LEFT = "left", _("Coming back to those that were being worked on")

    rule = models.CharField(_("rule"), max_length=40)
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("time"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    scopes = models.JSONField(default=list)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.ALL)
    looked_to = models.BigIntegerField(default=0)
    left = ArrayField(models.BigIntegerField(), default=list)
    armed = models.PositiveIntegerField(_("clocks that wait for it"), default=0)
    passed = models.PositiveIntegerField(_("clocks whose time lay behind"), default=0)
    taken_back = models.PositiveIntegerField(_("clocks that wait no more"), default=0)
    done_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        pgettext_lazy("command", "done"), null=True
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("edit of a rule")
        verbose_name_plural = _("edits of rules")
        indexes = [models.Index(fields=["id"], condition=Q(done_at=None), name="rule_edit_open")]

    def __str__(self) -> str:
        return self.rule
