"""Commands under fire: people who act at the same moment, and many processes, some of them killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from notifications.models import Notice
from sla.clocks import auditing, timers
from sla.models import Command, EscalationRule
from sla.orders import commands
from tests.factories import World, act, resolve, unclaimed
from tests.sla.test_faults import together
from tickets import clock as database_clock
from tickets.errors import ActionError
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("INC-13")]

PROCESSES, TICKETS = 8, 40
LONG_AGO = timedelta(days=4)


def late(world: World) -> Any:
    """A ticket whose line is out of time, with its command waiting."""
    ticket = unclaimed(world, now=database_clock.now() - LONG_AGO, impact="I3")
    timers.fire_due()
    return ticket


@pytest.mark.parametrize("attempt", range(3))
def test_resolve_during_escalation(world: World, attempt: int) -> None:
    """The rule takes it away even from who works on it; whoever comes first decides, and both stories are whole."""
    EscalationRule.objects.update(step="always", metric="resolve", percent=1, tiers=["tier1"])
    ticket = act(late(world), "start", world.engineer, now=database_clock.now() - timedelta(days=3))
    timers.fire_due()
    Command.objects.exclude(payload__limit="sla.resolve").delete()
    assert Command.objects.filter(state="waiting").exists()

    errors = together(lambda: resolve(ticket, world.engineer), commands.run_due, commands.run_due)
    commands.run_due()

    ticket.refresh_from_db()
    states = Counter(Command.objects.filter(kind="escalate").values_list("state", "outcome"))
    moved = TimelineEntry.objects.filter(ticket_id=ticket.pk, action="escalate_by_time").count()
    if ticket.state == "resolved":
        assert (errors, moved, ticket.escalated_at) == ([], 0, None)
        assert {state for state, _outcome in states} == {"refused"}
    else:
        assert (ticket.state, ticket.group.code, ticket.assignee) == ("assigned", "host-l2", None)
        assert [isinstance(error, ActionError) for error in errors] == [True]
        assert (moved, states["done", "moved"]) == (1, 1)
    assert list(auditing.audit(database_clock.now())) == []


def test_ticket_that_somebody_is_changing_is_left_for_the_next_pass(world: World) -> None:
    ticket = late(world)
    held, passed = threading.Event(), threading.Event()
    seen: list[bool] = []

    def hold() -> None:
        with transaction.atomic():
            Ticket.objects.select_for_update(no_key=True).get(pk=ticket.pk)
            held.set()
            seen.append(passed.wait(30))

    def come_later() -> None:
        assert held.wait(30)
        assert commands.run_due() == 0
        passed.set()

    assert together(hold, come_later) == []
    assert seen == [True]  # the pass was over while the ticket was held
    assert commands.run_due() == 1


def worker() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.sla.orders", str(connection.settings_dict["NAME"])]
    return subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    )


@pytest.mark.slow
def test_eight_processes_carry_out_each_command_once(world: World) -> None:
    tickets = [unclaimed(world, now=database_clock.now() - LONG_AGO, impact="I3").pk for _ in range(TICKETS)]
    timers.fire_due(budget=60)
    assert Command.objects.filter(state="waiting").count() == TICKETS

    processes = [worker() for _ in range(PROCESSES)]
    try:
        while Command.objects.filter(state="done").count() < 5 and any(p.poll() is None for p in processes):
            time.sleep(0.02)
        for victim in processes[:2]:
            victim.send_signal(signal.SIGKILL)
    finally:
        for process in processes:
            process.wait(timeout=240)
    commands.run_due(budget=60)

    assert Counter(Command.objects.values_list("state", "outcome")) == {("done", "moved"): TICKETS}
    entries = TimelineEntry.objects.filter(action="escalate_by_time").values_list("ticket_id", flat=True)
    assert sorted(entries) == sorted(tickets)
    assert Notice.objects.filter(event="escalated").count() == TICKETS
    assert Ticket.objects.filter(group__code="host-l2", escalated_at__isnull=False).count() == TICKETS
    assert list(auditing.audit(database_clock.now())) == []
