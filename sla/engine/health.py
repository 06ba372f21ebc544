"""How well time is kept: what is red, what is amber, and the figures behind it (ADM-03). Reads the database alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from itsm.moments import portal_day
from notifications.models import Delivery
from sla.engine import canary
from sla.engine.models import MODULE_VERSION
from sla.models import Calendar, Clock, Command, EngineHeartbeat, EngineState, Timer
from tickets.clock import NO_LIMIT
from tickets.files.checks import FileCheck

SILENT, SILENT_DRIVER = timedelta(seconds=10), timedelta(seconds=30)
LATE_AMBER, LATE_RED = timedelta(seconds=5), timedelta(seconds=15)
COVERAGE = timedelta(days=60)
#: A timer or a command that was given up stays red for so long; a person has to look at the ticket.
GIVEN_UP = timedelta(days=1)
OFFSET_MS = 5000
#: A portal that is backed up by our command misses a day.
BACKUP = timedelta(hours=26)
#: The two ways in which the engine is driven.
DRIVERS = ("celery", "engine")

WORDS: dict[str, Promise | str] = {
    "silent": _("No process fires timers."),
    "overdue": _("A timer is overdue by more than 15 seconds."),
    "unsent": _("An urgent notice waits for more than 15 seconds."),
    "dead": _("An urgent notice could not be delivered."),
    "canary": _("The test timer has not come back for 10 minutes."),
    "version": _("The engine belongs to another version of the portal."),
    "paused": _("The engine is held back."),
    "failed": _("A timer was given up after several errors."),
    "driver": _("One of the two drivers of the engine is silent."),
    "slow": _("A timer is overdue by more than 5 seconds."),
    "coverage": _("The holidays of a calendar are known for less than 60 days."),
    "offset": _("The clock of a machine differs from the database's."),
    "redis": _("Redis does not answer: background work waits, timers go on."),
    "backup": _("The last backup is more than a day old."),
    "files": _("Files of tickets are missing or damaged; the log names them."),
    "audit": _("The auditor found clocks that do not fit."),
}


#: What only administrators can mend, and nobody else need mind while it is amber: times are kept all the same.
FOR_ADMINISTRATORS = frozenset({"driver", "coverage", "offset", "redis", "backup", "audit"})


@dataclass
class Health:
    """The verdict with its reasons, and the figures of the tile."""

    red: list[str] = field(default_factory=list)
    amber: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def tone(self) -> str:
        """ok, soon (amber) or late (red)."""
        return "late" if self.red else "soon" if self.amber else "ok"

    def seen_by(self, user: User) -> Health:
        """The verdict as far as it concerns ``user``: what is amber for administrators alone is left out."""
        if user.is_staff:
            return self
        return replace(self, amber=[code for code in self.amber if code not in FOR_ADMINISTRATORS])

    @property
    def sentences(self) -> list[Promise | str]:
        """The reasons in words, the worst first."""
        return [WORDS[code] for code in [*self.red, *self.amber]]


def check(now: datetime) -> Health:
    """Look at everything. Ten short queries."""
    health = Health()
    _check_heartbeats(health, now)
    _check_timers(health, now)
    _check_deliveries(health, now)
    _check_state(health, now)
    _check_calendars(health, now)
    return health


def _check_heartbeats(health: Health, now: datetime) -> None:
    beats = list(EngineHeartbeat.objects.filter(beat_at__gt=now - timedelta(hours=1)).order_by("name", "host"))
    newest = {name: max((b.beat_at for b in beats if b.name == name), default=None) for name in DRIVERS}
    latest = max((beat.beat_at for beat in beats), default=None)
    health.figures["heartbeats"] = [
        b for b in beats if b.beat_at > now - SILENT_DRIVER or b.beat_at == newest.get(b.name)
    ]
    if latest is None or latest < now - SILENT:
        health.red.append("silent")
    elif any(moment is None or moment < now - SILENT_DRIVER for moment in newest.values()):
        health.amber.append("driver")
    if any(abs(b.clock_offset_ms) > OFFSET_MS for b in beats if b.beat_at > now - SILENT_DRIVER):
        health.amber.append("offset")


def _check_timers(health: Health, now: datetime) -> None:
    oldest = Clock.objects.filter(next_fire_at__isnull=False).aggregate(first=Min("next_fire_at"))["first"]
    waiting = Command.objects.filter(state=Command.State.WAITING).aggregate(first=Min("run_at"))["first"]
    overdue = max(now - min(oldest or NO_LIMIT, waiting or NO_LIMIT), timedelta())
    health.figures["overdue"] = overdue
    if overdue > LATE_RED:
        health.red.append("overdue")
    elif overdue > LATE_AMBER:
        health.amber.append("slow")
    commands = Command.objects.filter(state=Command.State.FAILED, done_at__gt=now - GIVEN_UP)
    timers = Timer.objects.filter(state=Timer.State.FAILED, not_before__gt=now - GIVEN_UP)
    if timers.exists() or commands.exists():
        health.red.append("failed")


def _check_deliveries(health: Health, now: datetime) -> None:
    waiting = Q(status__in=Delivery.ACTIVE)
    dead = Q(status=Delivery.Status.DEAD)
    open_rows = Delivery.objects.filter(waiting | dead)
    rows = open_rows.values("channel").annotate(
        pending=Count("pk", filter=waiting),
        dead=Count("pk", filter=dead),
        urgent_dead=Count("pk", filter=dead & Q(urgent=True)),
        oldest_urgent=Min("next_try_at", filter=waiting & Q(urgent=True)),
    )
    channels = list(rows.order_by("channel"))
    health.figures["channels"] = channels
    if any(row["urgent_dead"] for row in channels):
        health.red.append("dead")
    if any(row["oldest_urgent"] and row["oldest_urgent"] < now - LATE_RED for row in channels):
        health.red.append("unsent")


def _check_state(health: Health, now: datetime) -> None:
    state = EngineState.objects.filter(pk=1).first() or EngineState()
    if state.paused:
        health.red.append("paused")
    if state.module_version not in ("", MODULE_VERSION):
        health.red.append("version")
    if canary.is_missing(state, now):
        health.red.append("canary")
    if state.findings:
        health.amber.append("audit")
    if state.broker_answers is False:
        health.amber.append("redis")
    if state.backed_up_at and state.backed_up_at < now - BACKUP:
        health.amber.append("backup")
    files = FileCheck.objects.order_by("-at").first()
    if files and not files.is_sound:
        health.amber.append("files")
    health.figures["paused"] = state.paused
    health.figures |= {"canary_at": state.canary_passed_at, "canary_ms": state.canary_ms, "findings": state.findings}
    health.figures["lateness"] = lateness(now - timedelta(hours=1), now)


def _check_calendars(health: Health, now: datetime) -> None:
    ends = Calendar.objects.filter(active=True, current__confirmed_until__lt=portal_day(now + COVERAGE))
    names = [str(calendar) for calendar in ends.order_by("position")]
    health.figures["calendars_ending"] = names
    if names:
        health.amber.append("coverage")


_LATENESS = """
SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY late), percentile_disc(0.99) WITHIN GROUP (ORDER BY late),
       max(late)
FROM (SELECT greatest(t.fired_at - t.fire_at, interval '0') AS late FROM sla_timer t
      WHERE t.state = 'fired' AND t.fired_at >= %s AND t.fired_at < %s) fired
"""


def lateness(start: datetime, end: datetime) -> dict[str, Any]:
    """How late timers fired from ``start`` to ``end``: how many, half of them, 99 of 100, and the latest."""
    with connection.cursor() as cursor:
        cursor.execute(_LATENESS, [start, end])
        count, half, most, worst = cursor.fetchone()
    return {"count": count, "p50": half, "p99": most, "max": worst}
