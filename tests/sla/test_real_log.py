"""The real log replayed through a policy on working days, against a naive walk over days that shares no code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from django.db import connection

from sla.clocks import auditing
from sla.models import Clock, Metric, Policy, Timer
from sla.promises.policies import Draft, Promise, publish_policy
from sla.promises.whatif import try_policy
from tests.importing.exports import LOG, run_import
from tests.sla.test_clocks import LONG_AGO
from tickets import clock as database_clock
from tickets.models import Priority, Ticket, TimelineEntry

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.req("SLM-04", "SLM-05"),
    pytest.mark.slow,
    pytest.mark.skipif(not LOG.exists(), reason="the real log is not there"),
]

SHANGHAI = ZoneInfo("Asia/Shanghai")
OPEN = ((time(9), time(12)), (time(13), time(18)))

Span = tuple[datetime, datetime]


def working_spans(start: datetime) -> Iterator[Span]:
    """Working time from ``start`` on, day by day."""
    day = start.astimezone(SHANGHAI).date()
    while True:
        if chinese_calendar.is_workday(day):
            for opens, closes in OPEN:
                begin = datetime.combine(day, opens, SHANGHAI).astimezone(UTC)
                end = datetime.combine(day, closes, SHANGHAI).astimezone(UTC)
                if end > start:
                    yield max(begin, start), end
        day += timedelta(days=1)


def without(span: Span, pauses: list[Span]) -> Iterator[Span]:
    """What is left of ``span``."""
    begin, end = span
    for since, until in pauses:
        if until <= begin or since >= end:
            continue
        if since > begin:
            yield begin, since
        begin = max(begin, until)
    if begin < end:
        yield begin, end


def due(start: datetime, target: timedelta, pauses: list[Span]) -> datetime:
    """When ``target`` of working time has passed since ``start``, pauses left out.

    A pause that begins at that very instant moves it to its end: nothing is late yet, and nothing is left.
    """
    left = target
    for span in working_spans(start):
        for begin, end in without(span, pauses):
            if end - begin >= left:
                found = begin + left
                return next((until for since, until in pauses if since == found), found)
            left -= end - begin
    raise AssertionError


def pauses_of_tickets() -> dict[int, list[Span]]:
    """Times in which each ticket waited, as its timeline tells; one that goes on never ends."""
    found: dict[int, list[Span]] = defaultdict(list)
    since: dict[int, datetime] = {}
    for entry in TimelineEntry.objects.order_by("ticket_id", "id").iterator(chunk_size=5000):
        if entry.state_to == "pending":
            since.setdefault(entry.ticket_id, entry.at)
        elif entry.ticket_id in since:
            begin = since.pop(entry.ticket_id)
            if entry.at > begin:
                found[entry.ticket_id].append((begin, entry.at))
    for ticket_id, begin in since.items():
        found[ticket_id].append((begin, datetime.max.replace(tzinfo=UTC)))
    return found


def test_verdicts_and_times_agree_with_a_naive_computation() -> None:
    wait_patiently()
    reasons = ("requester", "vendor", "problem", "change", "window", "other")
    draft = Draft((Promise("response", "5x8", None), Promise("resolve", "5x8", None)), pausing=reasons)
    policy = Policy.objects.get(is_default=True, kind="sla")
    publish_policy(policy, draft, valid_from=LONG_AGO, by=None, at=database_clock.now())
    run_import(LOG)
    minutes = {row.pk: (row.response_minutes, row.resolve_minutes) for row in Priority.objects.all()}
    clocks = {(clock.ticket_id, clock.metric): clock for clock in Clock.objects.exclude(metric="dispatch")}
    pauses = pauses_of_tickets()
    checked = 0
    for ticket in Ticket.objects.iterator(chunk_size=2000):
        response, resolve = minutes[ticket.priority_id or ""]
        for metric, start, stop, amount in (
            ("response", ticket.assigned_at, ticket.responded_at, response),
            ("resolve", ticket.responded_at, ticket.resolved_at, resolve),
        ):
            clock = clocks.pop((ticket.pk, metric), None)
            assert (clock is None) == (start is None), ticket.external_number
            if clock is None or start is None or stop is None:
                continue
            expected = due(start, timedelta(minutes=amount), pauses[ticket.pk])
            assert (clock.state, clock.met) == ("stopped", stop <= expected), (ticket.external_number, metric)
            if clock.breached_at or stop >= start:
                late = stop > expected
                assert (clock.breached_at == expected) if late else (clock.breached_at is None), ticket.external_number
            checked += 1

    assert clocks == {}
    assert checked > 30_000
    assert not Timer.objects.filter(state="fired").exists()
    assert list(auditing.audit(database_clock.now())) == []
    trial_agrees(policy, minutes)


def trial_agrees(policy: Policy, minutes: dict[str, tuple[int, int]]) -> None:
    """A draft under which no waiting pauses, tried on all of it: verdicts as the naive walk finds them (SLM-10)."""
    stored = written()
    draft = Draft((Promise("response", "5x8", None), Promise("resolve", "5x8", None)), pausing=())
    trial = try_policy(policy, draft, datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
    found: dict[str, list[int]] = {"response": [0, 0], "resolve": [0, 0]}
    for ticket in Ticket.objects.iterator(chunk_size=2000):
        response, resolve = minutes[ticket.priority_id or ""]
        ended = ticket.closed_at or datetime.max.replace(tzinfo=UTC)
        for metric, start, stop, amount in (
            ("response", ticket.assigned_at, ticket.responded_at, response),
            ("resolve", ticket.responded_at, ticket.resolved_at, resolve),
        ):
            if start is not None and stop is not None:
                found[metric][min(stop, ended) > due(start, timedelta(minutes=amount), [])] += 1
    tables = {str(Metric(metric).label): counts for metric, counts in found.items()}
    assert {name: [n["after_met"], n["after_missed"]] for name, n in trial.rows("metric")} == tables
    assert trial.tickets > 10_000
    assert written() == stored


def wait_patiently() -> None:
    """In this transaction a busy machine may take long between two statements."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def written() -> list[tuple[int, int]]:
    """How many rows there are, with the sum of their hashes, in every table that a trial could touch."""
    tables = ("sla_clock", "sla_segment", "sla_clockchange", "sla_timer", "sla_policyversion", "sla_calendarversion")
    with connection.cursor() as cursor:
        found = []
        for table in (*tables, "tickets_ticket", "tickets_timelineentry", "notifications_notice"):
            hashes = "coalesce(sum(hashtextextended(t::text, 0)), 0)"
            cursor.execute(f"SELECT count(*), {hashes} FROM {table} t")  # noqa: S608 - constants
            found.append(cursor.fetchone())
        return found
