"""The engine: rules fire once, whoever comes; errors hold nothing else up; it says how it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from notifications.models import Notice
from sla.clocks import auditing, firing, timers
from sla.engine import rounds as engine
from sla.engine.health import check
from sla.models import Clock, EngineHeartbeat, EngineState, NoticeRule, Timer
from tests.factories import MONDAY, World, act, incident_in, resolve, unclaimed, wait
from tickets import clock as database_clock
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-06")]

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)


def keys(ticket: Any) -> set[str]:
    """What people were told of the ticket by its clocks, without the ids of rules."""
    rules = dict(NoticeRule.objects.values_list("pk", "on"))
    found = set()
    for key in Notice.objects.filter(ticket_id=ticket.pk).values_list("key", flat=True):
        head = key.split(f":{ticket.pk}:")[0]
        if head.startswith(("response.", "resolve.")):
            metric, rule = head.split(".", 1)
            number = rule.partition(":")[2]
            found.add(f"{metric} {rules[int(number)] if rule.startswith('notice') else rule}")
    return found


def fired_at(moment: datetime) -> int:
    return timers.fire_due(now=moment).timers


def test_each_rule_fires_once_after_its_time(world: World) -> None:
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    seen = []
    for minutes in (15, 24, 30):
        at = MONDAY + minutes * MINUTE
        seen.append((fired_at(at), fired_at(at + INSTANT), fired_at(at + INSTANT)))

    assert seen == [(0, 1, 0), (0, 1, 0), (0, 4, 0)]  # two rules of escalation with the limit
    assert keys(ticket) == {"response warn:50", "response warn:80", "response limit", "response not_responded"}
    assert Clock.objects.get(ticket_id=ticket.pk).breached_at == MONDAY + 30 * MINUTE
    assert Clock.objects.get(ticket_id=ticket.pk).next_fire_at is None


def test_who_is_told(world: World) -> None:
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    fired_at(MONDAY + 31 * MINUTE)
    notice = Notice.objects.get(ticket_id=ticket.pk, event="not_responded")

    assert set(notice.deliveries.values_list("recipient__username", flat=True)) >= {"manager", "lead"}
    assert not notice.deliveries.filter(recipient=None).exists()
    assert notice.due_at == MONDAY + 30 * MINUTE
    actions = TimelineEntry.objects.filter(ticket_id=ticket.pk).values_list("action", flat=True)
    assert [a for a in actions if a.startswith("clock")] == [
        "clock_warn_response",
        "clock_warn_response",
        "clock_limit_response",
        "clock_notice_response",
    ]


@pytest.mark.req("MAJ-01")
def test_high_priority_is_told_at_registration_and_when_raised(world: World) -> None:
    high = unclaimed(world, now=MONDAY, impact="I1")
    low = unclaimed(world, now=MONDAY)
    assert Notice.objects.filter(ticket_id=high.pk, event="declared").count() == 1
    assert not Notice.objects.filter(ticket_id=low.pk, event="declared").exists()
    for impact in ("I1", "I4", "I1"):
        typed = {"impact": impact, "assignee": "engineer", "text": "!"}
        low = act(low, "change_priority", world.manager, now=MONDAY + MINUTE, **typed)

    assert Notice.objects.filter(ticket_id=low.pk, event="declared").count() == 1


def test_late_sweeper_cannot_turn_a_breach_into_met(world: World) -> None:
    """The action decides the past first: the notices are there although no engine has run."""
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    ticket = act(ticket, "start", world.engineer, now=MONDAY + 31 * MINUTE)

    assert ticket.responded_in_time is False
    assert keys(ticket) == {"response warn:50", "response warn:80", "response limit", "response not_responded"}
    assert fired_at(MONDAY + 32 * MINUTE) == 0


def test_what_fires_late_is_told_to_whoever_has_it_by_now(world: World) -> None:
    """The ticket is stored after that: its row does not know yet who claimed it."""
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    act(ticket, "claim", world.engineer, now=MONDAY + 16 * MINUTE)
    [notice] = Notice.objects.filter(ticket_id=ticket.pk, key__contains="warn:50")

    assert set(notice.deliveries.values_list("recipient__username", flat=True)) == {"engineer", "lead"}


def test_stopped_and_paused_clocks_fire_nothing(world: World) -> None:
    stopped = resolve(
        incident_in("in_progress", world, now=MONDAY, impact="I3"), world.engineer, now=MONDAY + 3 * MINUTE
    )
    paused = wait(incident_in("in_progress", world, now=MONDAY, impact="I3"), world.engineer, now=MONDAY + 3 * MINUTE)

    assert fired_at(MONDAY + timedelta(days=30)) == 0
    assert keys(stopped) | keys(paused) == set()


@pytest.mark.parametrize("down", [timedelta(), MINUTE, timedelta(hours=3), timedelta(days=3)])
def test_downtime_is_caught_up_at_once_and_marked(world: World, down: timedelta) -> None:
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    due = MONDAY + 30 * MINUTE
    fired_at(due + down + INSTANT)

    assert keys(ticket) == {"response warn:50", "response warn:80", "response limit", "response not_responded"}
    limit = Notice.objects.get(ticket_id=ticket.pk, event="limit_passed")
    assert (limit.due_at, limit.created_at - limit.due_at) == (due, down + INSTANT)
    assert Clock.objects.get(ticket_id=ticket.pk).breached_at == due
    assert list(auditing.audit(due + down + INSTANT)) == []


def test_action_that_comes_behind_the_engine_counts_after_it(world: World) -> None:
    """The engine decided up to its own time; an action that read the time before must not undo that."""
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    fired_at(MONDAY + 31 * MINUTE)
    ticket = act(ticket, "start", world.engineer, now=MONDAY + 29 * MINUTE)
    clock = Clock.objects.get(ticket_id=ticket.pk, metric="response")

    assert (clock.met, clock.stopped_at) == (False, MONDAY + 31 * MINUTE)


def test_priority_change_fires_what_is_past_and_nothing_twice(world: World) -> None:
    ticket = unclaimed(world, now=MONDAY)
    fired_at(MONDAY + 61 * MINUTE)
    typed = {"impact": "I3", "assignee": "engineer", "text": "!"}
    ticket = act(ticket, "change_priority", world.manager, now=MONDAY + 70 * MINUTE, **typed)
    fired_at(MONDAY + 71 * MINUTE)

    assert Notice.objects.filter(ticket_id=ticket.pk, event="limit_near").count() == 2
    causes = Notice.objects.filter(ticket_id=ticket.pk, event="limit_passed").values_list("payload__cause", "due_at")
    assert list(causes) == [("priority_change", MONDAY + 70 * MINUTE)]


def test_error_takes_back_one_rule_and_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = (unclaimed(world, now=MONDAY, impact="I3") for _ in range(2))
    telling = firing._telling

    def fail(ticket: Ticket, clock: Clock, timer: Timer, *others: Any) -> Any:
        if clock.ticket_id == bad.pk and timer.rule == "warn:50":
            raise RuntimeError("broken row")
        return telling(ticket, clock, timer, *others)

    monkeypatch.setattr(firing, "_telling", fail)
    moment = MONDAY + 16 * MINUTE
    for _ in range(timers.MOST_ATTEMPTS):
        fired_at(moment)
        moment += timers.RETRY_AFTER + INSTANT
    timer = Timer.objects.get(clock__ticket_id=bad.pk, rule="warn:50")

    assert (timer.state, timer.attempts, timer.last_error) == ("failed", 5, "RuntimeError: broken row")
    assert (keys(bad), keys(good)) == (set(), {"response warn:50"})
    assert Notice.objects.filter(event="timer_failed").count() == 1
    assert "failed" in check(moment).red
    fired_at(MONDAY + 31 * MINUTE)
    assert keys(bad) == {"response warn:80", "response limit", "response not_responded"}


def test_urgent_lane_goes_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        unclaimed(world, now=MONDAY - timedelta(hours=1), impact="I3")
    urgent = unclaimed(world, now=MONDAY, impact="I1")
    monkeypatch.setattr(timers, "BATCH", 1)
    timers._fire_batch(MONDAY + timedelta(hours=3))

    [first] = Clock.objects.exclude(settled_at=None)
    assert (first.rank, urgent.priority_rank) == (1, 1)


def test_pass_writes_its_heartbeat(world: World) -> None:
    assert "silent" in check(database_clock.now()).red
    for name in ("engine", "celery"):
        assert engine.run_once(driver=name).held_back == ""

    assert set(EngineHeartbeat.objects.values_list("name", flat=True)) == {"engine", "celery"}
    assert [code for code in check(database_clock.now()).red if code != "dead"] == []


@pytest.mark.parametrize(("change", "reason"), [({"paused": True}, "paused"), ({"module_version": "0"}, "version")])
def test_held_back_engine_fires_nothing(world: World, change: dict[str, Any], reason: str) -> None:
    engine.run_once()
    EngineState.objects.update(**change)
    unclaimed(world, now=database_clock.now() - timedelta(days=1), impact="I2")

    assert (engine.run_once().held_back, engine.run_once().fired) == (reason, 0)
    assert {"overdue", reason} <= set(check(database_clock.now()).red)


@pytest.mark.req("ADM-03")
def test_health_address_says_red_without_an_engine_and_green_with_it(client: Client, world: World) -> None:
    answer = client.get("/healthz/engine")
    assert (answer.status_code, answer.json()) == (503, {"status": "red"})
    for name in ("engine", "celery"):
        engine.run_once(driver=name)

    assert client.get("/healthz/engine").status_code == 200


def test_canary_passes_the_whole_path(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.run_once()
    assert EngineState.objects.get().canary_started_at is not None
    started = database_clock.now() - timedelta(seconds=12)
    EngineState.objects.update(canary_started_at=started)
    engine.run_once()
    state = EngineState.objects.get()
    latest = database_clock.now() - started - timedelta(seconds=10)

    assert state.canary_started_at is None
    assert 2000 <= (state.canary_ms or 0) <= latest / timedelta(milliseconds=1)
    assert Notice.objects.filter(key__startswith="canary:").count() == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"consumed": MINUTE}, "consumed"),
        ({"due_at": MONDAY + timedelta(days=9)}, "due"),
        ({"next_fire_at": None}, "timers"),
    ],
)
def test_auditor_finds_what_does_not_fit(world: World, change: dict[str, Any], problem: str) -> None:
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    assert list(auditing.audit(MONDAY)) == []
    Clock.objects.filter(ticket_id=ticket.pk).update(**change)

    found = list(auditing.audit(MONDAY))
    assert problem in {each["problem"] for each in found}
    assert {each["ticket"] for each in found} == {ticket.number}


def test_loaded_history_arms_only_what_lies_ahead(world: World) -> None:
    with timers.quietly():
        ticket = unclaimed(world, now=MONDAY, impact="I3")
    now = MONDAY + 20 * MINUTE
    timers.arm_future(Clock.objects.all(), now)

    states = dict(
        Timer.objects.filter(clock__ticket_id=ticket.pk, rule__startswith="warn").values_list("rule", "state")
    )
    assert states == {"warn:50": "cancelled", "warn:80": "armed"}
    assert (fired_at(now), fired_at(MONDAY + 31 * MINUTE)) == (0, 5)
