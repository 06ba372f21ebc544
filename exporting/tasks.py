"""Background work of exports: thin wrappers, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from exporting import services
from tickets import clock

#: Seconds that writing one file may take; a killed one is begun anew by another worker.
LIMIT = 900


@shared_task(soft_time_limit=LIMIT, time_limit=LIMIT + 30)
def run_export(pk: int) -> None:
    """Write one export."""
    services.run_export(pk)


@shared_task(soft_time_limit=LIMIT, time_limit=LIMIT + 30)
def run_waiting() -> None:
    """Write the exports that nobody began, because the broker was away, or whose worker is gone."""
    for pk in services.waiting_exports(clock.now()).values_list("pk", flat=True)[:20]:
        services.run_export(pk)


@shared_task
def purge() -> None:
    """Remove old files."""
    services.purge_exports(now=clock.now())
