"""Background work of reports: wrappers that may run late, twice or not at all."""

from __future__ import annotations

import logging

from celery import shared_task

from reports import selfcheck
from reports.monthly import reports as service_reports
from tickets import clock

logger = logging.getLogger(__name__)


@shared_task(soft_time_limit=900, time_limit=930)
def make_service_reports() -> None:
    """Make the monthly reports that are due and missing."""
    service_reports.make_due(clock.now())


@shared_task(soft_time_limit=900, time_limit=930)
def check_figures() -> None:
    """Compare figures with the lists behind them; the board shows the result, the log a difference."""
    result = selfcheck.compare(clock.now())
    if result.differences:
        logger.error("Figures differ from their lists: %s", result.differences)
