"""Explaining a clock: each stretch of its life, what counted and why, summing exactly to the figure (SLM-04)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from sla.calendars.publishing import business_time
from sla.clocks.facts import DUPLICATE
from sla.clocks.life import UNPROMISED, Life
from sla.models import AgreementKind, CalendarVersion, Clock, ClockChange, Moment, Segment, Target
from sla.promises.wording import graded_as, metric_label, whom_of
from tickets.models import Ticket, WaitReason

#: More stretches than this are a table, no bar.
MOST_PARTS = 400


@dataclass(frozen=True)
class Stretch:
    """A stretch of a clock's life. ``running``: it goes on; ``counted`` is then what has counted until now."""

    kind: str
    started: datetime
    ended: datetime
    counted: timedelta
    calendar: CalendarVersion
    reason: str = ""
    running: bool = False
    #: Whole seconds for a page, such that what it shows adds up as well; see ``in_whole_seconds``.
    shown_counted: timedelta = timedelta()
    shown_uncounted: timedelta = timedelta()

    @property
    def shown_passed(self) -> timedelta:
        """How long it lasted, as the sum of the other two figures."""
        return self.shown_counted + self.shown_uncounted

    @property
    def passed(self) -> timedelta:
        """How long it lasted by the clock on the wall."""
        return self.ended - self.started

    @property
    def uncounted(self) -> timedelta:
        """What of it did not count: closed hours, or all of a pause."""
        return self.passed - self.counted


@dataclass(frozen=True)
class Part:
    """A piece of the bar: where it begins and how wide it is in thousandths; run, over (the target), closed, pause."""

    kind: str
    x: int
    share: int
    started: datetime
    ended: datetime


@dataclass(frozen=True)
class Explanation:
    """A clock with its stretches. ``consumed`` is the sum of what they counted."""

    clock: Clock
    stretches: list[Stretch]
    changes: list[ClockChange]
    parts: list[Part]
    consumed: timedelta
    remaining: timedelta
    tone: str
    conditions: list[str]

    @property
    def span(self) -> tuple[tuple[str, str], tuple[str, str]] | None:
        """From which moment to which it counts, each by code and name; None: its policy has nothing to say there."""
        clock = self.clock
        codes = clock.policy_version.moments(clock.metric) if clock.agreement == AgreementKind.SLA else ()
        if not any(codes) or not clock.ticket.kind_info.timed.moments:
            return None
        starts, stops = ((code, str(Moment(code).label)) for code in codes)
        return starts, stops

    @property
    def label(self) -> Any:
        """What is promised, as its kind calls it."""
        return metric_label(self.clock.metric, self.clock.ticket.kind)

    @property
    def used_percent(self) -> int:
        """How much of the target is used, at most 100."""
        return min(100, int(100 * self.consumed / self.clock.target))

    @property
    def shown_consumed(self) -> timedelta:
        """What was counted, in whole seconds."""
        return whole_seconds(self.consumed)

    @property
    def shown_remaining(self) -> timedelta:
        """What remains of the target, so that both shown figures make the target."""
        return self.clock.target - self.shown_consumed


def whole_seconds(amount: timedelta) -> timedelta:
    """``amount`` without parts of a second."""
    return amount - timedelta(microseconds=amount.microseconds)


def in_whole_seconds(stretches: list[Stretch]) -> list[Stretch]:
    """Give each stretch the whole seconds by which the running sums grow: rows cut one by one would not add up."""
    found, counted, uncounted = [], timedelta(), timedelta()
    for each in stretches:
        before = whole_seconds(counted), whole_seconds(uncounted)
        counted, uncounted = counted + each.counted, uncounted + each.uncounted
        grown = whole_seconds(counted) - before[0], whole_seconds(uncounted) - before[1]
        found.append(replace(each, shown_counted=grown[0], shown_uncounted=grown[1]))
    return found


def explain(ticket: Ticket, now: datetime) -> list[Explanation]:
    """Every clock of ``ticket`` with what was counted until ``now``. Four queries for all of them."""
    related = ("policy_version__policy", "calendar_version__calendar", "group", "supplier", "excused_by", *_RULE)
    clocks = list(
        Clock.objects.filter(ticket_id=ticket.pk).select_related(*related).order_by("agreement", "started_at", "pk")
    )
    keys = [clock.pk for clock in clocks]
    segments = list(Segment.objects.filter(clock__in=keys).select_related("calendar_version"))
    changes = list(ClockChange.objects.filter(clock__in=keys).select_related("by", "old_calendar", "new_calendar"))
    reasons = {UNPROMISED: _("Nothing was promised"), DUPLICATE: _("A duplicate: its main ticket is measured")}
    reasons |= {row.code: row.name for row in WaitReason.objects.all()}
    return [_explain(clock, segments, changes, reasons, now) for clock in clocks]


_RULE = ("rule__priority", "rule__fault", "rule__nature", "rule__business_system", "rule__organisation")


def _explain(
    clock: Clock, segments: list[Segment], changes: list[ClockChange], reasons: dict[str, str], now: datetime
) -> Explanation:
    own = [row for row in segments if row.clock_id == clock.pk and row.gen == clock.gen]
    stretches = [
        Stretch(
            row.kind, row.started, row.ended, row.counted, row.calendar_version, reasons.get(row.reason, row.reason)
        )
        for row in own
    ]
    stretches = in_whole_seconds(stretches + _open_stretch(clock, reasons, now))
    consumed = sum((each.counted for each in stretches), timedelta())
    return Explanation(
        clock=clock,
        stretches=stretches,
        changes=[change for change in changes if change.clock_id == clock.pk],
        parts=_parts(stretches, clock.target),
        consumed=consumed,
        remaining=clock.target - consumed,
        tone=_tone(clock, now),
        conditions=whom_of(clock.rule),
    )


def _open_stretch(clock: Clock, reasons: dict[str, str], now: datetime) -> list[Stretch]:
    since, calendar = clock.running_since or clock.paused_since, clock.calendar_version
    if since is None:
        return []
    end = max(now, since)
    if clock.paused_since:
        reason = reasons.get(clock.pause_reason, clock.pause_reason)
        return [Stretch("pause", since, end, timedelta(), calendar, reason, running=True)]
    counted = Life(clock).consumed_at(end) - clock.consumed
    return [Stretch("run", since, end, counted, calendar, running=True)]


def _parts(stretches: list[Stretch], target: timedelta) -> list[Part]:
    """The bar: open and closed time of each stretch in order; what counted beyond ``target`` is a part of its own."""
    whole = sum((each.passed for each in stretches), timedelta())
    pieces = list(_beyond([piece for each in stretches for piece in _pieces(each)], target))
    if not whole or len(pieces) > MOST_PARTS:
        return []
    found, passed = [], timedelta()
    for kind, start, end in pieces:
        x = int(1000 * passed / whole)
        passed += end - start
        found.append(Part(kind, x, max(int(1000 * passed / whole) - x, 1), start, end))
    return found


Piece = tuple[str, datetime, datetime]


def _beyond(pieces: Iterable[Piece], target: timedelta) -> Iterator[Piece]:
    """``pieces``, where what counted (``run``) after ``target`` was used up is called ``over``."""
    left = target
    for kind, start, end in pieces:
        limit = min(start + max(left, timedelta()), end)
        if kind != "run" or limit == end:
            yield kind, start, end
        else:
            if start < limit:
                yield "run", start, limit
            yield "over", limit, end
        left -= (end - start) * (kind == "run")


def _pieces(stretch: Stretch) -> list[Piece]:
    if stretch.kind == "pause":
        return [("pause", stretch.started, stretch.ended)]
    found, last = [], stretch.started
    for start, end in business_time(stretch.calendar).open_between(stretch.started, stretch.ended):
        if last < start:
            found.append(("closed", last, start))
        found.append(("run", start, end))
        last = end
    if last < stretch.ended:
        found.append(("closed", last, stretch.ended))
    return found


def _tone(clock: Clock, now: datetime) -> str:
    if clock.breached_at or clock.met is False or (clock.running_since and clock.due_at and clock.due_at < now):
        return "late"
    return "ok" if clock.running_since or clock.met else "idle"


def named_conditions(target: Target) -> list[dict[str, str]]:
    """For whom the target was chosen: which condition, the row's code and its name in the active language."""
    rows = {name.removesuffix("_id"): getattr(target, name.removesuffix("_id")) for name in target.conditions()}
    names = dict(zip(("kind", "grade"), graded_as(target), strict=False))
    return [
        {"field": name, "code": str(getattr(row, "code", getattr(row, "pk", row))), "name": names.get(name, str(row))}
        for name, row in rows.items()
        if row is not None
    ]
