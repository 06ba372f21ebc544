"""Background work of problems: wrappers that take no arguments."""

from __future__ import annotations

from celery import shared_task

from problems.figures.month_end import look_through
from problems.trends.services import refresh
from tickets import clock


@shared_task(soft_time_limit=300, time_limit=330)
def find_trends() -> None:
    """Look for trends in the last whole weeks."""
    refresh(clock.now())


@shared_task(soft_time_limit=120, time_limit=150)
def tell_month() -> None:
    """Tell of the register of the month that is over."""
    look_through(clock.now())
