"""What the engine says about itself."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q


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
    """The single row that holds the engine's switches."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    paused = models.BooleanField(default=False)
    module_version = models.CharField(max_length=40, blank=True)
    restore_epoch = models.PositiveIntegerField(default=0)
    canary_started_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    canary_passed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    canary_ms = models.PositiveIntegerField(null=True)
    audited_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    findings = models.JSONField(default=list)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="engine_state_single_row")]

    def __str__(self) -> str:
        return "engine"
