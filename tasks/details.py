"""What the properties column shows of a task."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from tasks.models import Task


def details_of(task: Task) -> list[tuple[str, Any]]:
    """(label, value) pairs beyond those of every ticket."""
    return [
        (_("Kind of work"), task.task_kind),
        (_("Close code"), task.close_code),
        (_("Result"), task.result),
    ]
