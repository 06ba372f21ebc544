"""Correcting the past, and starting clocks of tickets from before an upgrade."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.management import call_command

from notifications.models import Notice
from sla.calendars.publishing import Day, content_of, publish
from sla.clocks import timers
from sla.clocks.correcting import recalculate, start_missing_clocks
from sla.models import Calendar, Clock, ClockChange, Segment, Timer
from sla.promises.policies import Promise
from tests.factories import MONDAY, World, resolve, unclaimed
from tests.sla.calendars import at
from tests.sla.test_clocks import clock_of, office_policy, started

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-05")]

HOUR = timedelta(hours=1)


def forgotten_holiday() -> Calendar:
    calendar = Calendar.objects.select_related("current").get(code="5x8")
    content = content_of(calendar.current)  # type: ignore[arg-type]
    days = {**content.days, date(2026, 3, 3): Day((), "补录节日")}
    publish(calendar, replace(content, days=days), by=None, at=MONDAY)
    return Calendar.objects.select_related("current").get(code="5x8")


def test_forgotten_holiday_changes_verdicts_and_keeps_the_old_ones(world: World) -> None:
    office_policy(world, Promise("response", "24x7", 600), Promise("resolve", "5x8", 480))
    late = resolve(started(world, at("2026-03-02 15:00")), world.engineer, now=at("2026-03-04 09:30"))
    running = started(world, at("2026-03-02 15:00"))
    timers.fire_due(now=at("2026-03-03 16:00"))
    told = Notice.objects.count()
    assert (late.completed_in_time, clock_of(running).breached_at) == (False, at("2026-03-03 15:00"))
    count = recalculate(forgotten_holiday(), since=at("2026-03-01 00:00"), at=at("2026-03-04 10:00"), reason="补录")
    late.refresh_from_db()

    assert count == 2
    assert (late.completed_in_time, clock_of(late).met, clock_of(late).breached_at) == (True, True, None)
    assert (clock_of(running).breached_at, clock_of(running).due_at) == (None, at("2026-03-04 15:00"))
    change = ClockChange.objects.get(clock=clock_of(late))
    assert (change.cause, change.reason, change.old_breached_at) == ("correction", "补录", at("2026-03-03 15:00"))
    timers.fire_due(now=at("2026-03-04 16:00"))
    assert Notice.objects.count() == told
    assert Segment.objects.filter(clock=clock_of(late), gen=1).exists()


def test_tickets_from_before_get_their_clocks(world: World) -> None:
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    with_segments = Clock.objects.filter(segments__isnull=False).exists()
    Clock.objects.all().delete()
    now = MONDAY + timedelta(minutes=20)

    assert (start_missing_clocks(now), start_missing_clocks(now), with_segments) == (1, 0, False)
    assert clock_of(ticket, "response").due_at == MONDAY + timedelta(minutes=30)
    states = dict(Timer.objects.filter(clock=clock_of(ticket, "response")).values_list("rule", "state"))
    assert (states["warn:50"], states["warn:80"], states["limit"]) == ("cancelled", "armed", "armed")
    assert not Notice.objects.filter(ticket_id=ticket.pk, event__startswith="limit").exists()
    call_command("start_clocks", verbosity=0)
