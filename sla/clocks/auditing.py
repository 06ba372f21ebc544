"""The auditor: counts open clocks anew from what is stored, and says what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.utils.translation import gettext_lazy as _

from sla.calendars.publishing import business_time
from sla.clocks.facts import CLOSED
from sla.models import AgreementKind, Clock, EngineState, Metric, Segment, Timer
from tickets import clock as database_clock

EVERY = timedelta(minutes=1)
#: A timer may be this late before it is a finding.
PATIENCE = timedelta(seconds=60)
#: Clocks looked at in one audit: those that fire next, and some of the rest in turn. All at once would take too long.
MOST_CLOCKS, MOST_FINDINGS = 2000, 100
#: What can be wrong, as people are told.
PROBLEMS = {
    "consumed": _("The time counted differs from the sum of its stretches."),
    "overdue": _("A timer is overdue."),
    "due": _("The limit differs from the one counted anew."),
    "goes_on": _("It goes on although what ends it has happened."),
    "timers": _("The next timer differs from those that are armed."),
}


def is_due(state: EngineState, now: datetime) -> bool:
    """Whether the last audit is long enough ago."""
    return state.audited_at is None or now - state.audited_at >= EVERY


@transaction.atomic
def keep() -> None:
    """Audit once a minute, whichever engine comes first; findings are kept in the engine's state."""
    now = database_clock.now()
    state = EngineState.taken(is_due, now)
    if state is None:
        return
    state.audited_at, state.findings = now, list(audit(now))
    state.save(update_fields=["audited_at", "findings"])


def audit(now: datetime) -> Iterator[dict[str, Any]]:
    """What does not fit among open clocks, as (clock, ticket, problem). Reads only."""
    armed = Count("timers", filter=Q(timers__state=Timer.State.ARMED))
    found = Clock.objects.filter(pk__in=_in_turn(now))
    listed = list(
        found.select_related("calendar_version", "policy_version", "ticket")
        .annotate(armed=armed)
        .order_by("next_fire_at")
    )
    counted = _counted(listed)
    problems = ((row, problem) for row in listed for problem in _problems(row, counted, now))
    for _number, (row, problem) in zip(range(MOST_FINDINGS), problems, strict=False):
        yield {"clock": row.pk, "ticket": row.ticket.number, "problem": problem}


def explained(findings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """``findings`` with a ``text`` for people, in the reader's language."""
    return [finding | {"text": PROBLEMS.get(finding["problem"], finding["problem"])} for finding in findings]


def _in_turn(now: datetime) -> list[int]:
    """The clocks that fire next, and each minute others of the rest, so that every one has its turn. Keys alone."""
    half = max(MOST_CLOCKS // 2, 1)
    opened = Clock.objects.filter(state__in=("running", "paused"))
    nearest = opened.filter(next_fire_at__isnull=False).order_by("next_fire_at").values_list("pk", flat=True)[:half]
    ends = Clock.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    parts = (ends["last"] - ends["first"]) // half + 1
    begin = ends["first"] + int(now.timestamp()) // int(EVERY.total_seconds()) % parts * half
    return [*nearest, *opened.filter(pk__gte=begin, pk__lt=begin + half).values_list("pk", flat=True)]


def _counted(clocks: Sequence[Clock]) -> dict[tuple[int, int], timedelta]:
    """The business time in the stored stretches of each clock and count. One query."""
    rows = Segment.objects.filter(clock__in=[row.pk for row in clocks]).order_by()
    sums = rows.values_list("clock_id", "gen").annotate(total=Sum("counted"))
    return {(clock_id, gen): total for clock_id, gen, total in sums}


def _goes_on(clock: Clock) -> bool:
    """Whether a limit to the customer is open though the moment that its policy ends it with has come (SLM-04)."""
    version, timed = clock.policy_version, clock.ticket.kind_info.timed
    if clock.agreement != AgreementKind.SLA or clock.metric not in (Metric.RESPONSE, Metric.RESOLVE):
        return False
    if version.restarts or clock.metric not in timed.limits or clock.ticket.duplicate_of_id:
        return False  # a later round ends with another start of work
    column = timed.span(clock.metric, *version.moments(clock.metric)).stops
    ticket = clock.ticket if hasattr(clock.ticket, column) else clock.ticket.specific  # a column of its kind
    return getattr(ticket, column) is not None and (column != CLOSED or ticket.resolved_at is not None)


def _problems(clock: Clock, counted: dict[tuple[int, int], timedelta], now: datetime) -> Iterator[str]:
    if clock.consumed != counted.get((clock.pk, clock.gen), timedelta()):
        yield "consumed"
    if clock.next_fire_at and clock.next_fire_at < now - PATIENCE:
        yield "overdue"
    if _goes_on(clock):
        yield "goes_on"
    armed: int = clock.armed  # type: ignore[attr-defined]  # annotated
    if clock.running_since:
        remaining = clock.target - clock.consumed
        expected = business_time(clock.calendar_version).add(clock.running_since, remaining)
        if remaining > timedelta() and clock.due_at != expected:
            yield "due"
        if (armed > 0) != (clock.next_fire_at is not None):
            yield "timers"
