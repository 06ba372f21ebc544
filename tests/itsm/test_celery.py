"""Sending nudges through the real Redis of the test run."""

import json
import re
import socket
import time
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.urls import get_resolver

from exporting.models import Export
from itsm import settings as settings_of_the_portal
from itsm.celery import app
from itsm.run.programs import PROGRAMS
from itsm.run.watchdog import Watchdog, database_answers, nudges_wait
from tests.factories import World, unclaimed
from tickets.models import TimelineEntry

pytestmark = pytest.mark.req("ADM-02")

#: Folders whose files are not the portal's own code.
OUTSIDE = {"tests", "node_modules", "var", ".venv"}


def test_task_reaches_the_engine_queue_as_json() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete("engine")

    app.send_task("sla.tasks.run_engine", args=[7])

    message = json.loads(client.lrange("engine", 0, -1)[0])
    assert message["headers"]["task"] == "sla.tasks.run_engine"
    assert message["content-type"] == "application/json"


def test_periodic_tasks_are_plain_intervals() -> None:
    schedules = [entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]

    assert all(isinstance(seconds, float) and seconds > 0 for seconds in schedules)


def test_periodic_tasks_exist() -> None:
    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


@pytest.mark.req("SLM-06")
def test_settings_are_those_that_were_decided() -> None:
    """Each of them keeps a known fault of Celery or kombu away (reliability.md, section 3.5)."""
    decided = {
        "task_acks_late": False,
        "task_ignore_result": True,
        "worker_prefetch_multiplier": 1,
        "task_soft_time_limit": 25,
        "task_time_limit": 40,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "worker_soft_shutdown_timeout": 10,
        "beat_max_loop_interval": 5,
        "worker_max_tasks_per_child": 1000,
        "worker_max_memory_per_child": 200_000,
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "enable_utc": True,
    }
    transport = {
        "visibility_timeout": 300,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 3,
        "socket_timeout": 2,  # 10 outside of tests
        "socket_keepalive": True,
        "health_check_interval": 5,
    }

    assert {name: app.conf[name] for name in decided} == decided
    assert app.conf.broker_transport_options == transport
    assert transport | {"socket_timeout": 10} == settings_of_the_portal.CELERY_BROKER_TRANSPORT_OPTIONS


def test_kombu_is_one_that_notices_dead_connections() -> None:
    text = (settings.BASE_DIR / "requirements/users.txt").read_text()
    [locked] = re.findall(r"^kombu==(\d+)\.(\d+)", text, re.MULTILINE)

    assert tuple(map(int, locked)) >= (5, 7)


def test_engine_has_a_queue_and_a_worker_of_its_own() -> None:
    app.loader.import_default_modules()
    queues = {
        name: app.amqp.router.route({}, name)["queue"].name for name in app.tasks if not name.startswith("celery.")
    }

    assert {name for name, queue in queues.items() if queue == "engine"} == {"sla.tasks.run_engine"}
    assert set(queues.values()) == {"engine", "bulk"}
    assert "--queues=engine" in PROGRAMS["worker"]
    assert "--queues=bulk" in PROGRAMS["bulk"]


@pytest.mark.req("SLM-06")
def test_worker_that_does_nothing_while_the_database_answers_ends_itself() -> None:
    ended: list[int] = []
    begun, answers, waiting = [5], [True], [True]
    watchdog = Watchdog(
        60, begun=lambda: begun[0], answers=lambda: answers[0], waiting=lambda: waiting[0], end=ended.append
    )
    start = time.monotonic()

    assert not watchdog.look(start + 59)
    begun[0] = 6
    assert not watchdog.look(start + 100)
    assert not watchdog.look(start + 159)
    answers[0] = False
    assert not watchdog.look(start + 170)  # without the database nobody could do anything
    answers[0], waiting[0] = True, False
    assert not watchdog.look(start + 175)  # another worker took every nudge: idle is not dead
    waiting[0] = True
    assert watchdog.look(start + 180)
    assert ended == [75]


@pytest.mark.req("SLM-06")
def test_nudges_that_nobody_takes_are_seen_in_redis(settings: Any) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete("engine")
    seen = [nudges_wait() for _ in range(6) if client.rpush("engine", "x")]
    client.delete("engine")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert seen == [False, False, False, False, True, True]
    assert not nudges_wait()


@pytest.mark.django_db
def test_database_is_asked_over_a_connection_of_its_own(settings: Any) -> None:
    assert database_answers()
    databases = settings.DATABASES
    settings.DATABASES = {"default": databases["default"] | {"HOST": "/nowhere", "PORT": ""}}
    assert not database_answers()


def test_engines_know_every_address_that_a_notice_may_lead_to() -> None:
    known, portal = get_resolver(settings.LINKS_URLCONF), get_resolver()
    texts = [
        path.read_text() for app in ("notifications", "sla", "duty") for path in (settings.BASE_DIR / app).glob("*.py")
    ]
    texts.append((settings.BASE_DIR / "tickets/models.py").read_text())
    wanted = {name for text in texts for name in re.findall(r"reverse\(\s*[\"'](\w+):", text)}

    assert wanted <= set(known.namespace_dict)
    assert {name: known.namespace_dict[name][0] for name in wanted} == {
        name: portal.namespace_dict[name][0] for name in wanted
    }


@pytest.mark.django_db
@pytest.mark.req("SLM-06")
def test_pages_open_no_connection_to_the_broker(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither actions nor exports wait for Redis: nothing that a request does calls anybody."""
    called: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda line, address: called.append(address))
    client.force_login(world.desk)
    ticket = unclaimed(world)
    given = {"text": "请先看日志", "version": ticket.version}
    answer = client.post(f"/tickets/{ticket.number}/actions/comment/", given)
    asked = client.post("/exports/", {"source": "tickets", "query": "", "columns": ["number"], "format": "xlsx"})

    assert (answer.status_code, TimelineEntry.objects.filter(ticket_id=ticket.pk, action="comment").count()) == (
        302,
        1,
    )
    assert (asked.status_code, Export.objects.count()) == (302, 1)
    assert called == []


@pytest.mark.slow
def test_no_code_sends_a_task() -> None:
    """Only beat publishes: a publish from a request can hang when Redis does (celery/celery#4296)."""
    root = settings.BASE_DIR
    texts = {path: path.read_text() for path in root.glob("*/**/*.py") if path.parts[len(root.parts)] not in OUTSIDE}
    senders = [str(path) for path, text in texts.items() if re.search(r"\.(delay|apply_async|send_task)\(", text)]

    assert len(texts) > 300
    assert senders == []
