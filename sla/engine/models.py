"""What the engine says about itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.database.triggers import APPEND_ONLY

#: Grows when the rows that engines of different versions share change their meaning.
MODULE_VERSION = "1"


class EngineHeartbeat(models.Model):
    """The last sign of life of a driver on a machine."""

    pk = models.CompositePrimaryKey("name", "host")
    name = models.CharField(max_length=20)
    host = models.CharField(max_length=100)
    beat_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    cycle_ms = models.PositiveIntegerField()
    processed = models.PositiveIntegerField()
    code_version = models.CharField(max_length=40)
    clock_offset_ms = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.host}"


class EngineState(models.Model):
    """The single row that holds the engine's switches.

    ``restore_epoch``: how often the database came back from a backup; ``looked_at``: when a driver last looked at
    Redis and called the outside monitor; ``broker_answers``: what Redis said then; ``endings_at``: when
    it was last asked what ends soon; ``backed_up_at``: the last backup.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    paused = models.BooleanField(default=False)
    module_version = models.CharField(max_length=40, blank=True)
    restore_epoch = models.PositiveIntegerField(default=0)
    canary_started_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    canary_passed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    canary_ms = models.PositiveIntegerField(null=True)
    audited_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    findings = models.JSONField(default=list)
    looked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    broker_answers = models.BooleanField(null=True)
    endings_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    backed_up_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="engine_state_single_row")]

    def __str__(self) -> str:
        return "engine"

    @classmethod
    def taken(cls, is_due: Callable[[EngineState, datetime], bool], now: datetime) -> EngineState | None:
        """The row, locked, when something is due; None when nothing is, or another engine has it."""
        state = cls.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        return state if state is not None and is_due(state, now) else None


class EngineSwitch(models.Model):
    """Somebody held the engine back or let it go on. Never changed; without ``by`` it was done on the command line."""

    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("time"))
    paused = models.BooleanField(_("held back"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("switching of the engine")
        verbose_name_plural = _("switching of the engine")
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return self.reason
