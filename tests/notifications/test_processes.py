"""Several processes deliver at once, and some of them die: the ledger stays right."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from notifications.models import Attempt, Delivery
from notifications.services import give_notice
from tests.factories import World
from tests.notifications.servers import Mailbox, smtp_server
from tickets import clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("NTF-03", "SLM-06")]

NOTICES, PROCESSES, KILLS = 120, 4, 5


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with smtp_server() as found:
        found.hang_after_dot = 0.02  # mails take a while, so that a kill meets some on their way
        yield found


def start(port: int) -> subprocess.Popen[bytes]:
    """A sender on the database of this test."""
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "tests.notifications.sender", name, str(port)]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def fill() -> None:
    """Urgent notices, three readers each: every one a mail of its own."""
    world = World()
    for number in range(NOTICES):
        give_notice(
            key=f"k{number}",
            event="assigned",
            ticket=None,
            recipients=[world.engineer, world.lead, world.desk],
            urgent=True,
            at=clock.now(),
            payload={"summary": str(number)},
        )


def expire_leases() -> None:
    """What half a minute does to mails whose sender is gone."""
    now = clock.now()
    Delivery.objects.filter(status="sending").update(next_try_at=now - timedelta(seconds=1))
    Delivery.objects.filter(status="pending").update(next_try_at=now - timedelta(seconds=1))


def wait_for(count: int, seconds: float = 60) -> None:
    """Until so many mails are over."""
    ends = time.monotonic() + seconds
    while Delivery.objects.exclude(channel="portal").filter(attempts__isnull=False).count() < count:
        assert time.monotonic() < ends, "nothing is delivered"
        time.sleep(0.05)


@pytest.mark.slow
def test_senders_that_are_killed_lose_and_double_nothing_in_the_ledger(box: Mailbox) -> None:
    fill()
    processes = [start(box.port) for _ in range(PROCESSES)]
    try:
        for kill in range(KILLS):
            wait_for(40 * (kill + 1))
            processes[kill % PROCESSES].kill()
            processes[kill % PROCESSES].wait()
            processes[kill % PROCESSES] = start(box.port)
        ends = time.monotonic() + 90
        while Delivery.objects.filter(status__in=Delivery.ACTIVE).exists():
            assert time.monotonic() < ends, "something is never delivered"
            time.sleep(1)
            lost = Delivery.objects.filter(status="sending")
            if not Delivery.objects.filter(status="pending", next_try_at__lte=clock.now()).exists() or lost.exists():
                time.sleep(1)
                expire_leases()
    finally:
        for process in processes:
            process.kill()
            process.wait()

    rows = Delivery.objects.filter(channel="email")
    sent, arrived = set(rows.filter(status="sent").values_list("message_id", flat=True)), Counter(box.ids)
    held = set(rows.filter(status="uncertain").values_list("message_id", flat=True))
    doubtful = set(rows.filter(possible_duplicate=True).values_list("message_id", flat=True))
    assert rows.count() == NOTICES * 3 == len(sent | held)
    assert sent <= set(arrived)  # nothing is called sent that did not arrive
    assert {name for name, count in arrived.items() if count > 1} <= doubtful  # nothing is doubled without saying so
    assert Attempt.objects.filter(result="sent").count() == len(sent)  # each was sent once in the ledger
