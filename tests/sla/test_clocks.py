"""Clocks of tickets through real actions: what runs, what counts, what is stored."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sla.clocks.life import Life
from sla.models import (
    Agreement,
    Clock,
    ClockChange,
    ContractPhase,
    Metric,
    Policy,
    PolicyVersion,
    Segment,
    Timer,
)
from sla.promises.policies import Draft, Promise, publish_policy
from tests.factories import MONDAY, World, act, incident_in, register_incident, resolve, unclaimed, wait
from tests.sla.calendars import at, utc

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-04", "SLM-05")]

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LONG_AGO = utc("1971-01-01T00:00")


def office_policy(world: World, *promises: Promise, **draft: Any) -> Policy:
    """A policy of the exchange, on working days unless told otherwise."""
    policy = Policy.objects.create(code="office", name_zh="office", name_en="office")
    rows = promises or (Promise("response", "5x8", 480), Promise("resolve", "5x8", 480))
    publish_policy(
        policy, Draft(rows, **{"pausing": ("requester",), **draft}), valid_from=LONG_AGO, by=None, at=MONDAY
    )
    Agreement.objects.create(
        kind="sla", policy=policy, organisation=world.organisations["exchange"], valid_from=date(2020, 1, 1)
    )
    return policy


def clock_of(ticket: Any, metric: str = "resolve", agreement: str = "sla") -> Clock:
    return Clock.objects.filter(ticket_id=ticket.pk, agreement=agreement, metric=metric).latest("round")


def segments_of(clock: Clock) -> list[tuple[str, datetime, datetime, timedelta]]:
    rows = Segment.objects.filter(clock=clock, gen=clock.gen)
    return [(row.kind, row.started, row.ended, row.counted) for row in rows]


def started(world: World, moment: datetime, **data: Any) -> Any:
    """A ticket on which work begins at ``moment``."""
    return act(unclaimed(world, now=moment, **data), "start", world.engineer, now=moment)


def test_e5_answer_next_morning_is_late(world: World) -> None:
    office_policy(world)
    ticket = unclaimed(world, now=at("2026-03-02 09:00"))
    ticket = act(ticket, "start", world.engineer, now=at("2026-03-03 08:30"))
    clock = clock_of(ticket, "response")

    assert (clock.state, clock.met, clock.breached_at) == ("stopped", False, at("2026-03-02 18:00"))
    assert clock.consumed == 8 * HOUR
    assert ticket.responded_in_time is False


def test_e7_pause_stops_the_count(world: World) -> None:
    office_policy(world)
    ticket = started(world, at("2026-03-02 09:00"))
    ticket = wait(ticket, world.engineer, now=at("2026-03-02 11:00"))
    assert (clock_of(ticket).state, clock_of(ticket).due_at) == ("paused", None)
    assert ticket.planned_completion_at == at("2026-03-02 18:00")
    ticket = act(ticket, "resume", world.engineer, now=at("2026-03-04 15:00"))

    assert clock_of(ticket).due_at == ticket.queue_due_at == at("2026-03-05 12:00")
    assert segments_of(clock_of(ticket)) == [
        ("run", at("2026-03-02 09:00"), at("2026-03-02 11:00"), 2 * HOUR),
        ("pause", at("2026-03-02 11:00"), at("2026-03-04 15:00"), 0 * HOUR),
    ]


def test_waiting_for_another_reason_does_not_pause(world: World) -> None:
    office_policy(world)
    ticket = started(world, at("2026-03-02 09:00"))
    ticket = wait(ticket, world.engineer, now=at("2026-03-02 11:00"), wait_reason="vendor")

    assert clock_of(ticket).state == "running"
    assert ticket.queue_due_at == at("2026-03-02 18:00")


def round_the_clock(world: World) -> Policy:
    return office_policy(
        world,
        Promise("response", "5x8", 480),
        Promise("resolve", "5x8", 480),
        Promise("response", "24x7", 5, (("priority_id", "P1"),)),
        Promise("resolve", "24x7", 240, (("priority_id", "P1"),)),
    )


def raised(world: World, ticket: Any, moment: datetime, impact: str = "I1") -> Any:
    return act(ticket, "change_priority", world.manager, now=moment, impact=impact, assignee="engineer", text="!")


@pytest.mark.req("INC-04")
def test_e9_raised_priority_counts_from_the_start(world: World) -> None:
    round_the_clock(world)
    ticket = unclaimed(world, now=at("2026-03-02 09:00"))
    ticket = raised(world, ticket, at("2026-03-02 14:00"))
    clock = clock_of(ticket, "response")

    assert clock.gen == 2
    assert (clock.due_at, clock.breached_at) == (at("2026-03-02 09:05"), at("2026-03-02 09:05"))
    assert clock.consumed == 5 * HOUR
    [change] = ClockChange.objects.filter(clock=clock)
    assert (change.cause, change.old_target, change.new_target) == ("priority", 8 * HOUR, 5 * MINUTE)
    assert (change.old_due_at, change.old_breached_at) == (at("2026-03-02 18:00"), None)
    late = Timer.objects.filter(clock=clock, state="armed", rule="limit").get()
    assert (late.fire_at, late.cause) == (at("2026-03-02 14:00"), "priority_change")


@pytest.mark.req("INC-04")
def test_e9_policy_may_count_from_the_change(world: World) -> None:
    policy = round_the_clock(world)
    version = policy.versions.get()
    rows = tuple(
        Promise(t.metric, t.calendar_id, t.minutes, (("priority_id", "P1"),) if t.priority_id else ())
        for t in version.targets.all()
    )
    draft = Draft(rows, ("requester",), on_change=PolicyVersion.OnChange.FROM_CHANGE)
    publish_policy(policy, draft, valid_from=LONG_AGO, by=None, at=MONDAY)
    ticket = unclaimed(world, now=at("2026-03-02 09:00"))
    ticket = raised(world, ticket, at("2026-03-02 14:00"))
    clock = clock_of(ticket, "response")

    assert (clock.due_at, clock.breached_at, clock.consumed) == (at("2026-03-02 14:05"), None, 0 * HOUR)


@pytest.mark.req("INC-04")
def test_e10_lowered_priority_takes_the_other_calendar(world: World) -> None:
    office_policy(
        world,
        Promise("response", "24x7", 60),
        Promise("resolve", "5x8", 1440),
        Promise("resolve", "24x7", 60, (("priority_id", "P1"),)),
    )
    ticket = started(world, at("2026-03-02 09:00"), impact="I1")
    ticket = raised(world, ticket, at("2026-03-02 10:00"), impact="I4")

    assert clock_of(ticket).due_at == ticket.queue_due_at == at("2026-03-04 18:00")
    assert clock_of(ticket).consumed == HOUR


@pytest.mark.req("INC-04")
def test_changed_priority_judges_a_given_response_anew(world: World) -> None:
    round_the_clock(world)
    ticket = unclaimed(world, now=at("2026-03-02 09:00"))
    ticket = act(ticket, "start", world.engineer, now=at("2026-03-02 10:00"))
    assert ticket.responded_in_time is True
    ticket = raised(world, ticket, at("2026-03-02 11:00"))

    clock = clock_of(ticket, "response")
    assert (clock.state, clock.met, clock.breached_at) == ("stopped", False, at("2026-03-02 09:05"))
    assert (ticket.responded_in_time, ticket.planned_response_at) == (False, at("2026-03-02 09:05"))


def test_met_includes_the_very_instant(world: World) -> None:
    office_policy(world)
    verdicts = []
    for late in (timedelta(), timedelta(microseconds=1)):
        ticket = started(world, at("2026-03-02 09:00"))
        verdicts.append(resolve(ticket, world.engineer, now=at("2026-03-02 18:00") + late).completed_in_time)

    assert verdicts == [True, False]


def test_pausing_after_the_limit_removes_no_breach(world: World) -> None:
    office_policy(world)
    ticket = started(world, at("2026-03-02 09:00"))
    ticket = wait(ticket, world.engineer, now=at("2026-03-03 10:00"))
    ticket = act(ticket, "resume", world.engineer, now=at("2026-03-03 11:00"))
    ticket = resolve(ticket, world.engineer, now=at("2026-03-03 11:00"))

    clock = clock_of(ticket)
    assert (clock.met, clock.breached_at, clock.due_at) == (False, at("2026-03-02 18:00"), at("2026-03-02 18:00"))


@pytest.mark.req("SLM-03")
def test_contract_policy_of_the_reference_measures_the_visit(world: World) -> None:
    policy = Policy.objects.get(code="maintenance")
    organisation = world.organisations["exchange"]
    Agreement.objects.create(kind="sla", policy=policy, organisation=organisation, valid_from=date(2020, 1, 1))
    ticket = started(world, at("2026-03-02 17:30"))
    targets = {clock.metric: (clock.target, clock.due_at) for clock in Clock.objects.filter(ticket_id=ticket.pk)}

    assert targets == {
        "response": (10 * MINUTE, at("2026-03-02 17:40")),
        "on_site": (2 * HOUR, at("2026-03-03 10:30")),
        "resolve": (24 * HOUR, at("2026-03-03 17:30")),
    }
    typed = {"departed_at": "2026-03-02T17:40", "arrived_at": "2026-03-02T17:50"}
    ticket = act(ticket, "record_on_site", world.engineer, now=at("2026-03-03 10:00"), **typed)
    assert clock_of(ticket, "on_site").stopped_at == at("2026-03-03 10:00")
    assert clock_of(ticket, "on_site").met is True


@pytest.mark.req("SLM-02", "SLM-03")
def test_phase_without_commitment_has_no_clocks(world: World) -> None:
    office_policy(world)
    Agreement.objects.update(phase=ContractPhase.objects.get(code="transition"))
    ticket = started(world, at("2026-03-02 09:00"))

    assert not Clock.objects.filter(ticket_id=ticket.pk).exists()
    assert (ticket.planned_response_at, ticket.planned_completion_at) == (None, None)


@pytest.mark.req("SLM-03")
def test_most_specific_target_counts(world: World) -> None:
    office_policy(
        world,
        Promise("response", "24x7", 60),
        Promise("response", "24x7", 50, (("priority_id", "P4"),)),
        Promise("response", "24x7", 40, (("priority_id", "P4"), ("nature_id", "consultation"))),
        Promise("response", "24x7", 30, (("priority_id", "P3"),)),
    )
    minutes = [
        clock_of(unclaimed(world, now=MONDAY, **data), "response").target / MINUTE
        for data in ({"nature": "incident"}, {"nature": "consultation"}, {"impact": "I3"}, {"impact": "I5"})
    ]

    assert minutes == [50, 40, 30, 60]


@pytest.mark.req("SLM-03")
def test_version_counts_from_when_it_is_valid(world: World) -> None:
    policy = office_policy(world)
    draft = Draft((Promise("response", "24x7", 7),))
    publish_policy(policy, draft, valid_from=MONDAY, by=None, at=MONDAY)
    before = unclaimed(world, now=MONDAY - timedelta(microseconds=1))
    after = unclaimed(world, now=MONDAY)

    assert [clock_of(t, "response").target / MINUTE for t in (before, after)] == [480, 7]
    assert clock_of(act(before, "comment", world.desk, now=MONDAY + HOUR, text="?"), "response").target == 8 * HOUR


@pytest.mark.req("SLM-07")
def test_each_group_that_holds_it_has_its_own_clock(world: World) -> None:
    policy = Policy.objects.create(code="lines", name_zh="lines", name_en="lines", kind="ola")
    rows = (Promise("response", "24x7", 30), Promise("resolve", "24x7", 60))
    publish_policy(policy, Draft(rows), valid_from=LONG_AGO, by=None, at=MONDAY)
    for code in ("host", "host-l2"):
        Agreement.objects.create(kind="ola", policy=policy, group=world.groups[code], valid_from=date(2020, 1, 1))
    ticket = started(world, MONDAY)
    ticket = act(ticket, "escalate", world.engineer, now=MONDAY + 61 * MINUTE, group="host-l2", text="?")
    ticket = act(ticket, "start", world.expert, now=MONDAY + 71 * MINUTE)
    ticket = act(ticket, "hand_over", world.expert, now=MONDAY + 80 * MINUTE, group="host-l2", text="?")

    found = Clock.objects.filter(ticket_id=ticket.pk, agreement="ola").order_by("metric", "round")
    assert [(c.metric, c.round, c.group.code, c.state, c.met) for c in found] == [  # type: ignore[union-attr]
        ("resolve", 1, "host", "stopped", False),
        ("resolve", 2, "host-l2", "running", None),
        ("response", 1, "host", "stopped", True),
        ("response", 2, "host-l2", "stopped", True),
    ]


@pytest.mark.req("SLM-07")
def test_supplier_has_a_clock_from_the_call_to_the_answer(world: World) -> None:
    policy = Policy.objects.create(code="uc", name_zh="uc", name_en="uc", kind="uc")
    publish_policy(policy, Draft((Promise("resolve", "24x7", 60),)), valid_from=LONG_AGO, by=None, at=MONDAY)
    liyuan = world.organisations["liyuan"]
    Agreement.objects.create(kind="uc", policy=policy, organisation=liyuan, valid_from=date(2020, 1, 1))
    ticket = started(world, MONDAY)
    for hours in (1, 4):
        ticket = act(ticket, "call_vendor", world.engineer, now=MONDAY + hours * HOUR, supplier="liyuan", text="?")
        ticket = act(ticket, "record_vendor_answer", world.engineer, now=MONDAY + 1.5 * hours * HOUR, text="!")

    found = Clock.objects.filter(ticket_id=ticket.pk, agreement="uc").order_by("round")
    assert [(c.round, c.supplier, c.met) for c in found] == [(1, liyuan, True), (2, liyuan, False)]


@pytest.mark.req("MAJ-03")
def test_every_word_to_the_requester_starts_the_next_update(world: World) -> None:
    office_policy(world, Promise("update", "24x7", 30))
    ticket = started(world, MONDAY)
    ticket = act(ticket, "comment", world.engineer, now=MONDAY + 20 * MINUTE, text="还在查")
    ticket = act(ticket, "note", world.engineer, now=MONDAY + 30 * MINUTE, text="内部")
    ticket = act(ticket, "comment", world.engineer, now=MONDAY + 60 * MINUTE, text="找到了")
    ticket = resolve(ticket, world.engineer, now=MONDAY + 70 * MINUTE)

    found = Clock.objects.filter(ticket_id=ticket.pk, metric=Metric.UPDATE).order_by("round")
    assert [(c.round, c.state, c.met) for c in found] == [
        (1, "stopped", True),
        (2, "stopped", False),
        (3, "stopped", True),
    ]


def test_rejected_ticket_has_no_verdict(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "reject", world.desk, reject_reason="out_of_scope", text="?")

    assert (clock_of(ticket, "response").state, clock_of(ticket, "response").met) == ("cancelled", None)
    assert not Timer.objects.filter(clock__ticket_id=ticket.pk, state="armed").exists()


def test_timers_move_with_the_clock(world: World) -> None:
    office_policy(world)
    ticket = started(world, at("2026-02-14 17:00"))
    clock = clock_of(ticket)
    armed = dict(Timer.objects.filter(clock=clock, state="armed").values_list("rule", "fire_at"))
    assert armed["warn:50"] == at("2026-02-24 12:00")
    assert armed["limit"] == clock.due_at == at("2026-02-24 17:00")
    assert clock.next_fire_at == min(moment for moment in armed.values() if moment)
    ticket = wait(ticket, world.engineer, now=at("2026-02-14 17:30"))
    assert set(Timer.objects.filter(clock=clock, state="armed").values_list("fire_at", flat=True)) == {None}
    assert clock_of(ticket).next_fire_at is None
    act(ticket, "resume", world.engineer, now=at("2026-02-24 09:00"))
    assert Timer.objects.get(clock=clock, rule="limit").fire_at == at("2026-02-24 17:30")


def test_registered_with_a_group_starts_once(world: World) -> None:
    ticket = register_incident(world.desk, now=MONDAY, requester="requester", group="host")

    assert Clock.objects.filter(ticket_id=ticket.pk).count() == 1
    assert ticket.planned_response_at == clock_of(ticket, "response").due_at


def test_repeating_changes_nothing(world: World) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    before = list(Clock.objects.order_by("pk").values())
    act(ticket, "comment", world.desk, now=MONDAY + HOUR, text="?")

    assert list(Clock.objects.order_by("pk").values()) == before


@pytest.mark.req("SLM-05")
def test_going_on_begins_not_before_the_stop(world: World) -> None:
    """Of two that act at the same moment the second may carry the earlier time: no stretch runs backwards."""
    office_policy(world)
    ticket = started(world, at("2026-03-04 10:00"))
    life = Life(clock_of(ticket), past=[])
    life.stop(at("2026-03-04 12:00"))

    life.reopen(at("2026-03-04 11:30"))

    assert (life.clock.state, life.clock.running_since) == ("running", at("2026-03-04 12:00"))
    assert all(segment.started <= segment.ended for segment in life.segments)
