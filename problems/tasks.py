"""Background work of problems: a wrapper that takes no arguments."""

from __future__ import annotations

from celery import shared_task

from problems.trend_services import refresh
from tickets import clock


@shared_task(soft_time_limit=300, time_limit=330)
def find_trends() -> None:
    """Look for trends in the last whole weeks."""
    refresh(clock.now())
