"""Servers that go away under a running engine: real processes on real servers, nothing lost, nothing doubled."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
import redis
from celery import Celery

from itsm.embedded import Postgres, Redis
from itsm.embedded.postgres import postgres_programs
from itsm.run.watchdog import EXIT_CODE, MANY, QUEUE
from notifications.models import Notice
from sla.clocks import auditing
from sla.engine import health
from sla.engine.proving import UNDER_WAY, prove
from sla.models import Clock, EngineHeartbeat, Timer
from tests.elsewhere import environment_on
from tests.factories import World
from tests.sla.crowds import make_crowd, spread
from tests.sla.processes import BEAT, ENGINE, WORKER, database_url, program, wait_until
from tickets import clock

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.req("SLM-06", "NTF-03", "ADM-03"),
]

CROWD = 200


@pytest.fixture
def broker(data_dir: Path) -> Iterator[Redis]:
    """A Redis of the test's own."""
    server = Redis(data_dir, throwaway=True)
    server.start()
    yield server
    server.stop()


def address(server: Redis) -> str:
    return f"unix://{server.sockets / server.socket_name}"


def last_beat(driver: str) -> float:
    """How many seconds ago a driver gave its last sign of life."""
    newest = EngineHeartbeat.objects.filter(name=driver).order_by("-beat_at").first()
    return (clock.now() - newest.beat_at).total_seconds() if newest else 1e9


def told() -> int:
    return Notice.objects.filter(event="limit_passed").count()


def expected() -> set[str]:
    return {f"response.limit:{pk}:sla:1" for pk in Clock.objects.values_list("ticket_id", flat=True)}


def assert_told_exactly_once(within: timedelta = timedelta(hours=1)) -> None:
    """Expected keys = actual keys, by the rows, by the proof of that time, and for the auditor."""
    keys = list(Notice.objects.filter(event="limit_passed").values_list("key", flat=True))
    assert (len(keys), set(keys)) == (len(expected()), expected())
    assert not Timer.objects.exclude(state="fired").exists()
    now = clock.now()
    proof = prove(now - within, now, now=now + UNDER_WAY)
    assert (proof.due, proof.given, proof.lost, proof.doubled) == (len(keys), len(keys), [], 0)
    assert list(auditing.audit(now)) == []


@pytest.mark.parametrize("down", [timedelta(), timedelta(minutes=1), timedelta(hours=3), timedelta(days=3)], ids=str)
def test_engine_that_was_down_catches_up_and_says_how_late_it_is(world: World, down: timedelta) -> None:
    """A process started so long after everything was due; one that comes after it finds nothing to do."""
    due = clock.now() - down
    make_crowd(CROWD, "host", due)
    for _again in range(2):
        with program([*ENGINE, "--once"]) as engine:
            assert engine.wait(120) == 0

    assert_told_exactly_once(within=down + timedelta(hours=1))
    told_at = Notice.objects.filter(event="limit_passed").values_list("due_at", "created_at")
    assert {planned for planned, _at in told_at} == {due}
    assert all(at - planned >= down for planned, at in told_at)
    assert Clock.objects.filter(breached_at=due).count() == CROWD


def test_redis_stopped_reset_and_two_beats(
    world: World, broker: Redis, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's process goes on without Redis; the Celery path comes back by itself; two beats do no harm."""
    monkeypatch.setattr(health, "SILENT_DRIVER", timedelta(seconds=8))
    given = {"ITSM_TEST_REDIS_URL": address(broker)}
    with ExitStack() as stack:
        worker = stack.enter_context(program(WORKER, **given))
        for name in ("first", "second"):
            stack.enter_context(program([*BEAT, f"--schedule={data_dir / name}"], **given))
        engine = stack.enter_context(program(ENGINE, **given))
        wait_until(lambda: max(last_beat("celery"), last_beat("engine")) < 5, "both drivers run")
        assert "driver" not in health.check(clock.now()).amber

        make_crowd(CROWD, "host", clock.now() + timedelta(hours=1))
        spread(10)
        broker.stop()
        wait_until(lambda: told() == CROWD, "timers fire without Redis")
        late = health.lateness(clock.now() - timedelta(minutes=5), clock.now())
        wait_until(lambda: "driver" in health.check(clock.now()).amber, "the tile turns amber", 30)

        broker.start()
        wait_until(lambda: last_beat("celery") < 3, "the Celery path comes back")
        assert "driver" not in health.check(clock.now()).amber
        redis.Redis.from_url(address(broker)).client_kill_filter(_type="normal")
        time.sleep(1)
        wait_until(lambda: last_beat("celery") < 1, "the Celery path survives a reset", 30)
        assert (worker.poll(), engine.poll()) == (None, None)

        engine.kill()
        again()
        wait_until(lambda: told() == CROWD, "the Celery path fires alone", 30)

    assert late["max"] < timedelta(seconds=15)
    assert_told_exactly_once()


def again() -> None:
    """The same clocks once more, as if nothing had been told."""
    Notice.objects.all().delete()
    Timer.objects.update(state="armed", fired_at=None)
    Clock.objects.update(breached_at=None, settled_at=None)
    spread(5)


def test_idle_worker_stays_and_one_that_hears_nothing_ends_and_says_so(world: World, broker: Redis) -> None:
    """Its supervisor starts it again; here it stops listening, and nudges pile up."""
    control = Celery(broker=address(broker).replace("unix", "redis+socket", 1)).control
    with program(WORKER, ITSM_TEST_REDIS_URL=address(broker), ENGINE_WORKER_SILENCE="2") as worker:
        wait_until(control.ping, "the worker listens")
        time.sleep(6)
        assert worker.poll() is None

        control.cancel_consumer(QUEUE, reply=True)
        redis.Redis.from_url(address(broker)).rpush(QUEUE, *["a nudge"] * MANY)
        assert worker.wait(60) == EXIT_CODE


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


@pytest.fixture
def own_database(data_dir: Path) -> Iterator[Postgres]:
    """A server of the test's own; ``fill`` puts what the test made into it."""
    server = Postgres(data_dir, throwaway=True)
    server.start()
    yield server
    server.stop()


def fill(server: Postgres) -> None:
    """Copy this test's database to ``server``."""
    source = database_url()
    dump = subprocess.Popen(
        [str(postgres_programs() / "pg_dump"), "--no-owner", f"--dbname={source}"], stdout=subprocess.PIPE
    )
    target = ["-X", "-q", "-v", "ON_ERROR_STOP=1", f"--dbname={database_url('itsm', server.sockets)}"]
    subprocess.run(
        [str(postgres_programs() / "psql"), *target], stdin=dump.stdout, check=True, stdout=subprocess.DEVNULL
    )
    assert dump.wait() == 0


def ask(server: Postgres, statement: str) -> list[tuple[object, ...]]:
    """Ask the server; nothing while it is away."""
    try:
        with closing(psycopg2.connect(database_url("itsm", server.sockets))) as line, line.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    except psycopg2.OperationalError:
        return []


def test_database_restarted_in_the_middle_of_the_work(world: World, own_database: Postgres) -> None:
    make_crowd(CROWD, "host", clock.now() + timedelta(hours=1))
    spread(16)
    wanted = expected()
    fill(own_database)
    count = "SELECT count(*) FROM notifications_notice WHERE event = 'limit_passed'"
    with program(ENGINE, **environment_on(database_url("itsm", own_database.sockets))) as engine:
        wait_until(lambda: ask(own_database, count) > [(0,)], "the engine begins")
        own_database.stop()
        time.sleep(3)
        assert engine.poll() is None
        own_database.start()
        wait_until(lambda: ask(own_database, count) == [(CROWD,)], "the engine catches up", 40)
        assert engine.poll() is None

    keys = [row[0] for row in ask(own_database, "SELECT key FROM notifications_notice WHERE event = 'limit_passed'")]
    assert (len(keys), set(keys)) == (CROWD, wanted)
    assert ask(own_database, "SELECT count(*) FROM sla_timer WHERE state <> 'fired'") == [(0,)]
    audit = [sys.executable, "-m", "tests.sla.crowds", "itsm", "audit"]
    with program(audit, **environment_on(database_url("itsm", own_database.sockets))) as auditor:
        assert auditor.wait(60) == 0
