"""Clocks of tickets: how much of each promised time is used, what was counted, and what fires when."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, SupportGroup, User
from sla.calendars.models import CalendarVersion
from sla.promises.models import AgreementKind, Metric, PolicyVersion, Target
from tickets.database.triggers import APPEND_ONLY
from tickets.models import Ticket

#: Priorities whose timers never wait behind others: P1 and P2.
URGENT_RANK = 2

ACTIVE = ("running", "paused")


class Clock(models.Model):
    """One promised time of one ticket. While the engine or an action works on it, this row is locked.

    ``consumed`` counts to ``running_since``; while running, what came since is to be added. ``due_at`` is empty
    while paused, and after a stop it is what counted. ``settled_at``: up to here the past is decided; nothing
    may happen to the clock earlier. ``holder``: ``group`` of an OLA, ``supplier`` of a UC. ``basis``: what the
    choice of the target rests on. ``counts_from``: since when nobody has begun to work on the ticket, where that is
    what it waits for. ``excuse``, ``excused_by``, ``excuse_text``: why one that was cancelled has no verdict.
    ``next_fire_at``: the first of its armed timers; None: nothing to wait for.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        STOPPED = "stopped", _("Stopped")
        CANCELLED = "cancelled", _("Excused")

    class Excuse(models.TextChoices):
        """Why a promise that had begun has no verdict (INC-22)."""

        ENDED = "ended", _("It ended without a solution")
        UNPROMISED = "unpromised", _("Nothing is promised any more")
        HANDED_BACK = "handed_back", _("It went back to the desk before anybody began")
        NOT_NEEDED = "not_needed", _("It was not needed any more")
        DUPLICATE = "duplicate", _("A duplicate: its main ticket is measured")
        NOT_SOLVED = "not_solved", _("It turned out not to be solved")
        COMPLAINT = "complaint", _("A complaint is no incident: it leaves clocks and figures")
        TAKEN_BACK = "taken_back", _("The step that began it was taken back")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="clocks", db_index=False)
    agreement = models.CharField(max_length=3, choices=AgreementKind)
    metric = models.CharField(max_length=10, choices=Metric)
    group = models.ForeignKey(SupportGroup, models.PROTECT, null=True, related_name="+", db_index=False)
    supplier = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    round = models.PositiveSmallIntegerField(default=1)
    policy_version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+")
    rule = models.ForeignKey(Target, models.PROTECT, related_name="+", db_index=False)
    calendar_version = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="clocks")
    basis = models.CharField(max_length=120)
    rank = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State)
    target = models.DurationField()
    consumed = models.DurationField(default=timedelta())
    started_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    counts_from: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    running_since: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    paused_since: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=40, blank=True)
    due_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    breached_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    stopped_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    settled_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    met = models.BooleanField(null=True)
    excuse = models.CharField(max_length=15, choices=Excuse, blank=True, default="", db_default="")
    excused_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    excuse_text = models.CharField(max_length=300, blank=True, default="", db_default="")
    gen = models.PositiveIntegerField(default=1)
    provisional = models.BooleanField(default=False)
    next_fire_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "agreement", "metric", "group", "supplier"],
                condition=Q(state__in=ACTIVE),
                nulls_distinct=False,
                name="clock_one_active",
            ),
            models.UniqueConstraint(fields=["ticket", "agreement", "metric", "round"], name="clock_round_unique"),
            models.CheckConstraint(
                condition=Q(state="running", running_since__isnull=False, due_at__isnull=False, paused_since=None)
                | Q(state="paused", running_since=None, due_at=None, paused_since__isnull=False)
                | Q(
                    state__in=["stopped", "cancelled"], running_since=None, paused_since=None, stopped_at__isnull=False
                ),
                name="clock_state_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(next_fire_at=None) | Q(state__in=ACTIVE), name="clock_fires_while_active"
            ),
        ]
        indexes = [
            models.Index(fields=["next_fire_at"], condition=Q(next_fire_at__isnull=False), name="clock_next_fire"),
            models.Index(
                fields=["next_fire_at"],
                condition=Q(next_fire_at__isnull=False, rank__lte=URGENT_RANK),
                name="clock_next_fire_urgent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.agreement} {self.metric} {self.round}"

    @property
    def is_active(self) -> bool:
        """Whether it runs or is paused."""
        return self.state in ACTIVE


class Segment(models.Model):
    """A closed stretch of a clock's life: what was counted in it and by which calendar (SLM-04). Never changed.

    A recomputed clock (``gen``) counts its whole past anew, in rows of its own. ``reason`` of a pause: the
    reason for waiting.
    """

    class Kind(models.TextChoices):
        RUN = "run", _("Counted")
        PAUSE = "pause", _("Paused")

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="segments", db_index=False)
    gen = models.PositiveIntegerField()
    kind = models.CharField(max_length=5, choices=Kind)
    reason = models.CharField(max_length=40, blank=True)
    started: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    ended: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    calendar_version = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="+", db_index=False)
    counted = models.DurationField()

    class Meta:
        ordering = ["clock", "gen", "started", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ended__gte=F("started")), name="segment_ends_after_start"),
            models.CheckConstraint(
                condition=Q(kind="run") | Q(counted=timedelta()), name="segment_pause_counts_nothing"
            ),
        ]
        indexes = [models.Index(fields=["clock", "gen", "started"], name="segment_of_clock")]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.kind} {self.started} - {self.ended}"


class ClockChange(models.Model):
    """What changed a running clock: the old and new promise, with the verdict until then. Never changed."""

    class Cause(models.TextChoices):
        PRIORITY = "priority", _("Another priority, service or customer")
        POLICY = "policy", _("Another policy")
        CALENDAR = "calendar", _("A new version of the calendar")
        CORRECTION = "correction", _("A correction of the past")

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="changes")
    gen = models.PositiveIntegerField()
    at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    cause = models.CharField(max_length=10, choices=Cause)
    old_target = models.DurationField()
    new_target = models.DurationField()
    old_calendar = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="+", db_index=False)
    new_calendar = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="+", db_index=False)
    old_due_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    new_due_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    old_breached_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, db_index=False)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["clock", "id"]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.gen} {self.cause}"


class Timer(models.Model):
    """A rule of a clock that fires when ``threshold`` of business time is used (``fire_at``, while it runs).

    ``rule``: ``warn:50``, ``limit``, ``notice:<id of the rule>``. Rows change only while the clock is locked. One
    that is passed over was behind already when its rule was edited: nobody is told of it.
    """

    class State(models.TextChoices):
        ARMED = "armed", _("Armed")
        FIRED = "fired", _("Fired")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")
        PASSED = "passed", _("Passed over")

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="timers", db_index=False)
    rule = models.CharField(max_length=40)
    threshold = models.DurationField()
    fire_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.ARMED)
    cause = models.CharField(max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    fired_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta:
        ordering = ["clock", "threshold", "id"]
        constraints = [models.UniqueConstraint(fields=["clock", "rule"], name="timer_once_per_rule")]
        indexes = [
            models.Index(fields=["fired_at"], condition=Q(state="fired"), name="timer_fired"),
            models.Index(fields=["not_before"], condition=Q(state="failed"), name="timer_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.rule}"
