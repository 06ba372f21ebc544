"""Storing an assessment beside the change: the effect of the action *Assess*."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from changes.assessing.models import RiskAssessment
from changes.assessing.outdated import content_of
from changes.assessing.questionnaire import PREFIX, current
from changes.assessing.scoring import score
from changes.models import Change


def keep_assessment(
    *, ticket: Change, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> RiskAssessment | None:
    """Store score, lines, band, what was decided and of what; None where there is no questionnaire."""
    version = current()
    if version is None:
        return None
    given = {name.removeprefix(PREFIX): int(value) for name, value in cleaned.items() if PREFIX in name and value}
    found = score(ticket, version.content, given, now)
    return RiskAssessment.objects.create(
        change=ticket,
        version=version,
        points=found.as_data(),
        content=content_of(ticket),
        score=found.score,
        band=found.band,
        risk=ticket.risk,
        text=ticket.assessment,
        by=user,
        at=now,
    )
