"""Planned times of tickets under the shipped policy: P1 and P2 round the clock, the others on working days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sla.clocks.limits import soon_before
from tests.factories import MONDAY, World, act, incident_in, resolve, unclaimed, wait
from tests.sla.calendars import at
from tickets.clock import NO_LIMIT

pytestmark = pytest.mark.req("INC-04")


@pytest.mark.parametrize(
    ("minutes", "soon"), [(5, 5), (10, 10), (30, 10), (50, 10), (60, 12), (180, 36), (1440, 288), (2880, 576)]
)
def test_soon_is_the_last_fifth_and_at_least_ten_minutes(minutes: int, soon: int) -> None:
    assert soon_before(timedelta(minutes=minutes)) == timedelta(minutes=soon)


@pytest.mark.django_db
@pytest.mark.req("INC-18")
def test_the_limit_that_runs_is_the_sort_key_of_queues(world: World) -> None:
    ticket = incident_in("registered", world, now=MONDAY, impact="I3")
    running = [ticket.queue_due_at]
    ticket = act(ticket, "assign", world.desk, now=MONDAY, group="host", assignee="engineer")
    running.append(ticket.queue_due_at)
    ticket = act(ticket, "start", world.engineer, now=MONDAY + timedelta(minutes=10))
    running.append(ticket.queue_due_at)
    ticket = wait(ticket, world.engineer, now=MONDAY + timedelta(minutes=20))
    running.append(ticket.queue_due_at)
    ticket = act(ticket, "resume", world.engineer, now=MONDAY + timedelta(minutes=80))
    running.append(ticket.queue_due_at)
    ticket = resolve(ticket, world.engineer, now=MONDAY + timedelta(minutes=90))
    running.append(ticket.queue_due_at)

    dispatch = response = at("2026-11-23 09:30")
    completion = at("2026-11-23 13:10")  # lunch does not count
    resumed = completion + timedelta(hours=1)
    assert running == [dispatch, response, completion, NO_LIMIT, resumed, NO_LIMIT]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("impact", "due", "late", "in_time"),
    [
        ("I4", "2026-11-25 18:00", -1, True),  # 24 working hours
        ("I4", "2026-11-25 18:00", 0, True),
        ("I4", "2026-11-25 18:00", 1, False),
        ("I2", "2026-11-23 09:30", 0, True),
        ("I2", "2026-11-23 09:30", 1, False),
    ],
)
def test_completion_in_time_includes_the_very_moment(
    world: World, impact: str, due: str, late: int, in_time: bool
) -> None:
    ticket = act(unclaimed(world, now=MONDAY, impact=impact), "start", world.engineer, now=MONDAY)

    done = resolve(ticket, world.engineer, now=at(due) + timedelta(microseconds=late))

    assert (done.planned_completion_at, done.completed_in_time) == (at(due), in_time)


@pytest.mark.django_db
def test_time_waited_does_not_count(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "start", world.engineer, now=MONDAY)
    ticket = act(wait(ticket, world.engineer, now=MONDAY), "resume", world.engineer, now=MONDAY + timedelta(days=3))

    done = resolve(ticket, world.engineer, now=at("2026-11-30 18:00"))  # 24 h from Thursday morning on
    assert (done.planned_completion_at, done.completed_in_time) == (at("2026-11-30 18:00"), True)


@pytest.mark.django_db
def test_limits_of_rejected_tickets_have_no_verdict(world: World) -> None:
    ticket = act(incident_in("registered", world), "reject", world.desk, reject_reason="out_of_scope", text="?")

    assert (ticket.responded_in_time, ticket.completed_in_time, ticket.queue_due_at) == (None, None, NO_LIMIT)


@pytest.mark.django_db
@pytest.mark.req("INC-13")
def test_hand_over_does_not_restart_the_limits(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "start", world.engineer, now=MONDAY)
    before = (ticket.planned_response_at, ticket.planned_completion_at)
    later = MONDAY + timedelta(hours=5)
    ticket = act(ticket, "escalate", world.engineer, now=later, group="host-l2", text="?")

    assert (ticket.planned_response_at, ticket.planned_completion_at) == before
    assert ticket.queue_due_at == before[1]
