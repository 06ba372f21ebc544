"""The report of a month that is over, to those who answer for the process; the events stand with their kinds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from notifications.services import give_notice
from tickets.signals import month_over


@receiver(month_over)
def tell_month(
    sender: Any,
    kind: str,
    month: str,
    readers: list[int],
    text: dict[str, str],
    path: str,
    now: datetime,
    **context: Any,
) -> None:
    """Send it, once."""
    give_notice(
        key=f"{kind}_month:{month}",
        event=f"{kind}_month",
        ticket=None,
        recipients=readers,
        urgent=False,
        at=now,
        payload={"summary": month, "text": text, "path": path},
        rooms=False,
        internal=True,
    )
