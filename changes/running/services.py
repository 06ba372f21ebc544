"""What a report of a step stores. Effects of actions: they run in the action's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from changes.models import Change, PlanStep

Status = PlanStep.Status


def report_step(*, ticket: Change, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Store how the step goes, with the moment at which it happened and the one at which that came in."""
    step, status, at = cleaned["step"], cleaned["status"], cleaned.get("at") or now
    begun = {"started_at": step.started_at or at}
    ends = {"ended_at": None if status == Status.STARTED else at}
    _store(step, status, user, now, cleaned, **begun, **ends)


def back_out_step(*, ticket: Change, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Store that the step was undone, with both moments."""
    _store(cleaned["step"], Status.BACKED_OUT, user, now, cleaned, ended_at=cleaned.get("at") or now)


def _store(
    step: PlanStep, status: str, user: User, now: datetime, cleaned: dict[str, Any], **moments: datetime | None
) -> None:
    said = {"reported_by": user, "received_at": now, "note": cleaned.get("text") or step.note}
    PlanStep.objects.filter(pk=step.pk).update(status=status, **said, **moments)
