"""Tasks that ended with close codes of their own say now, in those of incidents, what they meant (TSK-01)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tasks.models import Task
from tests.factories import World, act, add_task, finish, incident_in

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.req("TSK-01")]
MEANT = {"done": "tier1", "partly": "unresolved", "failed": "unresolved", "not_needed": "rejected", None: "rejected"}


def migrate(name: str) -> Any:
    executor = MigrationExecutor(connection)
    return executor.migrate([("tasks", name)]).apps.get_model


def test_close_codes_of_before_are_translated(world: World) -> None:
    parent = incident_in("in_progress", world)
    tasks = {code: add_task(parent, world.engineer) for code in MEANT}
    running = add_task(parent, world.engineer)
    for code, task in tasks.items():
        if code:
            finish(task, world.engineer)
        else:
            act(task, "cancel", world.engineer, text="不需要")
    try:
        get = migrate("0003_holds_parent")
        for code in filter(None, MEANT):
            get("tasks", "TaskCloseCode").objects.create(code=code, name_zh=code, name_en=code)
            get("tasks", "Task").objects.filter(pk=tasks[code].pk).update(close_code=code)
    finally:
        migrate("0004_codes_of_incidents")

    ended = dict(Task.objects.values_list("pk", "close_code_id"))
    assert {code: ended[task.pk] for code, task in tasks.items()} == MEANT
    assert ended[running.pk] is None
