"""Background work of exports: thin wrappers, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from tickets import clock

#: Seconds that writing one file may take; a killed one is begun anew by another worker.
LIMIT = 900


@shared_task(soft_time_limit=LIMIT, time_limit=LIMIT + 30)
def run_waiting() -> None:
    """Write the next export that nobody began, or whose worker is gone. Pages tell no broker: it might not answer."""
    from exporting import services  # its libraries take 17 MiB, which the engine's worker does without

    for pk in services.waiting_exports(clock.now()).values_list("pk", flat=True)[:1]:
        services.run_export(pk)


@shared_task
def purge() -> None:
    """Remove old files."""
    from exporting import services  # as above

    services.purge_exports(now=clock.now())
