"""The engine under fire: many processes, killed in the middle of their work, and races with actions."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from notifications.models import Notice
from sla.clocks import auditing, timers
from sla.models import Clock, Command, Timer
from sla.orders import commands
from tests.factories import World, act, incident_in, resolve, unclaimed, wait
from tests.sla.crowds import make_crowd
from tickets import clock as database_clock
from tickets.errors import ActionError
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SLM-06", "NTF-03")]

SWEEPERS = 8


def sweeper() -> subprocess.Popen[bytes]:
    """A process that fires what is due in this test's database."""
    command = [sys.executable, "-m", "tests.sla.crowds", str(connection.settings_dict["NAME"])]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)


def kill_some(processes: list[subprocess.Popen[bytes]], dice: random.Random) -> int:
    """Kill sweepers while there is work, and put new ones in their place; return how many were killed mid-work."""
    killed = 0
    while Clock.objects.filter(next_fire_at__isnull=False).exists():
        time.sleep(dice.uniform(0.3, 0.8))
        if killed < SWEEPERS + 1 and Notice.objects.count() > 0:
            victim = dice.choice(processes)
            if victim.poll() is None:
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                processes[processes.index(victim)] = sweeper()
                killed += 1
    return killed


@pytest.mark.slow
@pytest.mark.parametrize("count", [400, 10_000])
def test_killed_sweepers_lose_nothing_and_double_nothing(world: World, count: int) -> None:
    now = database_clock.now()
    make_crowd(count, "host", now - timedelta(minutes=1))
    expected = {f"response.limit:{pk}:sla:1" for pk in Clock.objects.values_list("ticket_id", flat=True)}

    processes = [sweeper() for _ in range(SWEEPERS)]
    try:
        killed = kill_some(processes, random.Random(7))  # noqa: S311 - a test's dice
    finally:
        for process in processes:
            process.wait(timeout=120)

    assert killed > 0 or count < 1000
    keys = list(Notice.objects.values_list("key", flat=True))
    assert (len(keys), set(keys)) == (count, expected)
    assert Timer.objects.filter(state="fired").count() == count
    assert TimelineEntry.objects.filter(action="clock_limit_response").count() == count
    assert Clock.objects.filter(breached_at=now - timedelta(minutes=1)).count() == count
    assert list(auditing.audit(database_clock.now())) == []


def together(*works: Any) -> list[Exception]:
    """Run ``works`` at the same time, each with a connection of its own; return what went wrong."""
    errors: list[Exception] = []
    gate = threading.Barrier(len(works))

    def run(work: Any) -> None:
        try:
            gate.wait()
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return errors


@pytest.mark.parametrize("attempt", range(4))
def test_stop_against_breach(world: World, attempt: int) -> None:
    """Whoever wins, verdict, notice and columns tell the same story."""
    ticket = unclaimed(world, now=database_clock.now() - timedelta(minutes=10), impact="I2")

    errors = together(
        lambda: act(ticket, "start", world.engineer),
        lambda: timers.fire_due(budget=5),
        lambda: timers.fire_due(budget=5),
    )

    clock = Clock.objects.get(ticket_id=ticket.pk, metric="response")
    told = Notice.objects.filter(ticket_id=ticket.pk, event="limit_passed").count()
    ticket.refresh_from_db()
    assert errors == []
    assert (clock.state, clock.met, told) == ("stopped", False, 1)
    assert (ticket.responded_in_time, clock.breached_at) == (False, clock.due_at)
    assert list(auditing.audit(database_clock.now())) == []


@pytest.mark.parametrize("attempt", range(3))
def test_pause_against_warning(always: World, attempt: int) -> None:
    """The warning was due before the pause: it is told once, whoever wins, and the clock waits."""
    ticket = incident_in("in_progress", always, now=database_clock.now() - timedelta(hours=5), impact="I3")

    errors = together(
        lambda: wait(ticket, always.engineer),
        lambda: timers.fire_due(budget=5),
        lambda: timers.fire_due(budget=5),
    )

    clock = Clock.objects.get(ticket_id=ticket.pk, metric="resolve", agreement="sla")
    keys = list(Notice.objects.filter(ticket_id=ticket.pk, event="limit_near").values_list("key", flat=True))
    assert errors == []
    assert (clock.state, clock.next_fire_at, clock.due_at) == ("paused", None, None)
    assert f"resolve.warn:50:{ticket.pk}:sla:1" in keys
    assert list(auditing.audit(database_clock.now())) == []


@pytest.mark.parametrize("attempt", range(3))
def test_resolve_during_escalation(always: World, attempt: int) -> None:
    """Whichever comes first, the ticket ends resolved, and nobody holds a clock that runs."""
    ticket = incident_in("in_progress", always, now=database_clock.now() - timedelta(hours=9), impact="I3")

    errors = together(
        lambda: resolve(ticket, always.engineer),
        lambda: (timers.fire_due(budget=5), commands.run_due(budget=5)),
        lambda: (timers.fire_due(budget=5), commands.run_due(budget=5)),
    )

    ticket.refresh_from_db()
    keys = list(Notice.objects.filter(ticket_id=ticket.pk).values_list("key", flat=True))
    assert all(isinstance(error, ActionError) for error in errors)
    if not errors:
        assert ticket.state == "resolved"
        assert not Clock.objects.filter(
            ticket_id=ticket.pk, state__in=("running", "paused"), metric="resolve"
        ).exists()
    assert len(keys) == len(set(keys))
    assert not Command.objects.filter(ticket_id=ticket.pk, kind="escalate", state="failed").exists()
    assert list(auditing.audit(database_clock.now())) == []


def test_two_sweeps_at_once_tell_once(world: World) -> None:
    make_crowd(60, "host", database_clock.now() - timedelta(minutes=1))

    errors = together(*[lambda: timers.fire_due(budget=20) for _ in range(4)])

    assert errors == []
    assert Notice.objects.filter(event="limit_passed").count() == 60
    assert Timer.objects.filter(state="fired").count() == 60


def test_sweep_never_waits_for_a_locked_clock(world: World) -> None:
    """An action that takes long holds up its own clocks alone."""
    make_crowd(2, "host", database_clock.now() - timedelta(minutes=1))
    held = Clock.objects.order_by("pk")[0].pk
    release, locked = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Clock.objects.select_for_update(no_key=True).get(pk=held)
            locked.set()
            release.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(20)
    timers._fire_batch(None)
    still_held = thread.is_alive()
    release.set()
    thread.join()

    assert still_held
    assert Timer.objects.filter(state="fired").exclude(clock=held).count() == 1
    assert timers.fire_due(budget=5).timers == 1
