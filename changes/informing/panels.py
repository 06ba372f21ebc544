"""The panel beside a change: whom it affects, what they read, what they were told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.permissions import Permission
from changes.informing.affected import parts_of
from changes.informing.models import AffectedNotice
from changes.informing.stages import LAST, Stage
from changes.informing.wording import words_for
from changes.states import PLANNED
from tickets.actions import Available
from tickets.workspace.pages import button_of

OFFERED = ("write_to_affected", "report_delay")
SHOWN = 6


def panel_of(change: Any, available: Iterable[Available], user: User, now: datetime) -> dict[str, Any] | None:
    """Whom it concerns and what they know; None for those who may not read internal notes."""
    if not user.may(Permission.INTERNAL):
        return None
    told = list(AffectedNotice.objects.filter(change=change.pk).order_by("-pk")[:SHOWN])
    buttons = {item.action.name: button_of(item.action, change) for item in available if item.enabled}
    planned = change.state in PLANNED
    parts = parts_of(change) if planned else []
    if not planned and not told:
        return None
    return {
        "parts": parts,
        "planned": planned,
        "previews": [words_for(change, Stage.PLANNED, part.systems, now).text for part in parts],
        "one_language": bool(change.notice_zh) != bool(change.notice_en),
        "as_written": bool(change.effect.strip()) and not (change.notice_zh or change.notice_en),
        "told": told,
        "over": bool(told) and told[0].stage in LAST,
        "buttons": [buttons[name] for name in OFFERED if name in buttons],
    }
