"""Sending nudges through the real Redis of the test run."""

import json

import pytest
import redis
from django.conf import settings

from itsm.celery import app

pytestmark = pytest.mark.req("ADM-02")


def test_task_reaches_the_engine_queue_as_json() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete("engine")

    app.send_task("tickets.tasks.purge_expired", args=[7])

    message = json.loads(client.lrange("engine", 0, -1)[0])
    assert message["headers"]["task"] == "tickets.tasks.purge_expired"
    assert message["content-type"] == "application/json"


def test_periodic_tasks_are_plain_intervals() -> None:
    schedules = [entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]

    assert all(isinstance(seconds, float) and seconds > 0 for seconds in schedules)


def test_periodic_tasks_exist() -> None:
    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_nothing_waits_for_ever_on_redis() -> None:
    options = app.conf.broker_transport_options

    assert {"socket_timeout", "socket_connect_timeout", "health_check_interval"} <= set(options)
