"""Trials of drafts on history that take longer than a page: the row is the job (SLM-10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class TrialRun(models.Model):
    """A draft of a policy or of a calendar that is tried on the tickets of a period.

    ``draft``: what was typed, as ``trials`` writes it; ``code``: of the policy or calendar whose place it takes.
    ``result``: the tables, complete or empty. ``worker`` is the lease of whoever counts; ``heartbeat_at``: when it
    last said that it lives. Language is that of the person who asked.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being counted")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class What(models.TextChoices):
        POLICY = "policy", _("Policy")
        CALENDAR = "calendar", _("Calendar")

    AT_WORK = (State.QUEUED, State.RUNNING)

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    what = models.CharField(max_length=10, choices=What)
    code = models.CharField(max_length=40)
    draft: models.JSONField[Any, Any] = models.JSONField()
    since: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    language = models.CharField(max_length=10)
    status = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    result: models.JSONField[Any, Any] = models.JSONField(null=True)
    worker = models.CharField(max_length=36, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    heartbeat_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    finished_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(status__in=["queued", "running"]), name="trial_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.code} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_at_work(self) -> bool:
        """Whether it is not over yet."""
        return self.status in self.AT_WORK

    @property
    def percent(self) -> int:
        """How much is counted, 0 to 100."""
        return min(100, 100 * self.done // self.total) if self.total else 0
