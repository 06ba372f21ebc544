"""Background work of reports: wrappers that may run late, twice or not at all."""

from __future__ import annotations

from celery import shared_task

from reports import service_reports
from tickets import clock


@shared_task(soft_time_limit=900, time_limit=930)
def make_service_reports() -> None:
    """Make the monthly reports that are due and missing."""
    service_reports.make_due(clock.now())
