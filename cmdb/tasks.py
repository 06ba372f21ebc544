"""Background work of the configuration database: wrappers that may run late, twice or not at all."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from cmdb.network.keeping import keep_single_points as keep


@shared_task(soft_time_limit=60, time_limit=90)
def keep_single_points() -> None:
    """Reckon the single points of failure of services whose foundations changed."""
    keep(timezone.now())
