"""A proof for a period: what clocks had to tell, against what was told and handed over (NTF-03)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from notifications.models import Attempt, Delivery, Notice
from sla.calendars.publishing import business_time
from sla.calendars.spans import format_amount
from sla.clocks.firing import key_of
from sla.models import Clock, Command, NoticeRule, Timer
from tickets import clock as database_clock

#: What became due so shortly ago is still on its way.
UNDER_WAY = timedelta(seconds=15)
#: Timers that had nothing to tell.
UNTOLD = (Timer.State.CANCELLED, Timer.State.PASSED)


@dataclass
class Proof:
    """Figures of a period. ``lost``: keys of notices that had to be given and are not there."""

    due: int = 0
    given: int = 0
    delivered: int = 0
    waiting: int = 0
    undelivered: int = 0
    #: Handed over for certain more than once.
    doubled: int = 0
    #: Handed over, but the answer was lost and it was tried again: the reader may have it twice.
    possibly_doubled: int = 0
    #: Given, but nobody could be told: neither the rule's people nor those in their place.
    unread: int = 0
    lost: list[str] = field(default_factory=list)
    latest: timedelta = timedelta()

    def figures(self) -> dict[str, Any]:
        """As they are printed."""
        return {
            "due": self.due,
            "notices given": self.given,
            "deliveries handed over": self.delivered,
            "deliveries on their way": self.waiting,
            "deliveries not delivered": self.undelivered,
            "doubled": self.doubled,
            "possible duplicates": self.possibly_doubled,
            "never had a reader": self.unread,
            "lost": len(self.lost),
            "latest": format_amount(self.latest),
        }


def prove(start: datetime, end: datetime, now: datetime | None = None) -> Proof:
    """Count what was due from ``start`` to ``end``, at most to now, anew from clocks, and look for each notice.

    What is due is computed from what was counted, not from what fired: a timer that was never armed shows up
    as lost. Rules that were switched off since, and changes of a promise, are left to the timers' own record.
    """
    end = min(end, (now or database_clock.now()) - UNDER_WAY)
    proof, expected = Proof(), {}
    for clock in _clocks(start, end):
        for timer in clock.timers.all():
            due_at = _due_at(clock, timer)
            if due_at and start <= due_at < end and timer.state not in UNTOLD and _tells(clock, timer):
                expected[key_of(clock, timer)] = due_at
    keys = set(Notice.objects.filter(key__in=expected).values_list("key", flat=True))
    proof.due, proof.given = len(expected), len(keys)
    proof.lost = sorted(expected.keys() - keys)
    _count_deliveries(proof, list(keys))
    fired = Timer.objects.filter(state=Timer.State.FIRED, fire_at__gte=start, fire_at__lt=end)
    lateness = [
        fired_at - fire_at for fired_at, fire_at in fired.values_list("fired_at", "fire_at") if fired_at and fire_at
    ]
    proof.latest = max([*lateness, timedelta()])
    return proof


def _clocks(start: datetime, end: datetime) -> Any:
    """Clocks that ran in the period, with their timers and stretches."""
    found = Clock.objects.filter(started_at__lt=end).exclude(stopped_at__lt=start)
    return found.select_related("calendar_version").prefetch_related("timers", "segments").iterator(chunk_size=1000)


def _due_at(clock: Clock, timer: Timer) -> datetime | None:
    """When the threshold was reached, by the stored stretches and the open one. None: not reached yet."""
    if timer.cause:
        return timer.fire_at
    used = timedelta()
    for segment in clock.segments.all():
        if segment.gen == clock.gen and segment.kind == "run":
            if timer.threshold - used <= segment.counted:
                reached = business_time(segment.calendar_version).add(segment.started, timer.threshold - used)
                return reached if reached < segment.ended else None
            used += segment.counted
    if clock.running_since is None:
        return None
    return business_time(clock.calendar_version).add(clock.running_since, timer.threshold - used)


def _tells(clock: Clock, timer: Timer) -> bool:
    """Whether a notice is expected: of a rule still in use; of an escalation that was carried out, or never fired."""
    kind, _colon, number = timer.rule.partition(":")
    if kind == "escalate" and timer.state == Timer.State.FIRED:
        return Command.objects.filter(key=key_of(clock, timer), state=Command.State.DONE).exists()
    return kind != "notice" or NoticeRule.objects.filter(pk=number, active=True).exists()


def _count_deliveries(proof: Proof, keys: list[str]) -> None:
    rows = Delivery.objects.filter(notice__key__in=keys)
    by_status = dict(rows.values_list("status").annotate(count=Count("pk")).order_by())
    status = Delivery.Status
    proof.delivered = by_status.get(status.SENT, 0)
    proof.waiting = sum(by_status.get(each, 0) for each in (*Delivery.ACTIVE, status.CARRIED))
    proof.undelivered = sum(by_status.get(each, 0) for each in Delivery.FAILED)
    proof.doubled = (
        rows.filter(attempts__result=Attempt.Result.SENT).annotate(times=Count("attempts")).filter(times__gt=1).count()
    )
    proof.possibly_doubled = rows.filter(possible_duplicate=True).count()
    proof.unread = Notice.objects.filter(key__in=keys, deliveries=None).count()
