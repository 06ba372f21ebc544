"""Writing interruptions: effects of the review and of a correction. They run in the action's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from changes.catalogue.templates import judge_template
from changes.models import Change, Interruption
from changes.reviewing.queries import PREFIX, TOTAL
from tickets.models import TimelineEntry


def record(*, ticket: Change, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Keep the minutes that the review names, system by system; a template whose uses fail loses its pre-approval."""
    given = {name.removeprefix(PREFIX): value or 0 for name, value in cleaned.items() if name.startswith(PREFIX)}
    given = {"": cleaned[TOTAL]} if TOTAL in cleaned else given
    Interruption.objects.bulk_create(
        Interruption(change=ticket, system_id=code or None, minutes=minutes, by=user, at=now)
        for code, minutes in given.items()
    )
    judge_template(ticket, now)


def correct(
    *, ticket: Change, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Put the correction beside what was recorded; what an import recorded gets a row of its own before."""
    rows = Interruption.objects.filter(change=ticket)
    was = next((change["old"] for change in entry.changes if change["field"] == TOTAL), None)
    if was is not None and not rows.exists():
        rows.create(
            change=ticket, minutes=was, by=ticket.reviewed_by, at=ticket.reviewed_at or ticket.closed_at or now
        )
    corrected = {"system": cleaned.get("system"), "minutes": cleaned["minutes"], "reason": cleaned["text"]}
    rows.create(change=ticket, by=user, at=now, **corrected)
