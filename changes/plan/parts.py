"""Whose work a change is beside its implementer's: its plan names people in its steps (DESK-02)."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from approvals.services import same_person
from changes.models import PlanStep
from changes.states import States

Status = PlanStep.Status


def of_person(user: User) -> Any:
    """Keys of changes, scheduled or carried out, with a step that ``user`` still has to do, as a query."""
    waiting = PlanStep.objects.filter(person__in=same_person(user), status__in=(Status.PLANNED, Status.STARTED))
    return waiting.filter(change__state__in=(States.SCHEDULED, States.IMPLEMENTING)).values("change_id")
