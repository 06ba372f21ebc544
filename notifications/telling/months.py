"""The report of a month that is over, to those who answer for the process; the events stand with their kinds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from notifications.models import Notice
from notifications.services import give_notice
from tickets.signals import month_over, months_told


@receiver(months_told)
def newest_told(sender: Any, kind: str, **context: Any) -> str:
    """The code of the newest month of which ``kind`` told; empty: none yet."""
    told = Notice.objects.filter(key__startswith=f"{kind}_month:").order_by("-key").values_list("key", flat=True)
    return (told.first() or "").partition(":")[2]


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
