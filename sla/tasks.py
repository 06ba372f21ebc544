"""Background work: wrappers that take no arguments, so that a lost, late or doubled message is harmless."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from sla.engine import housekeeping
from sla.engine import rounds as engine
from sla.promises import trials
from tickets import clock


@shared_task
def run_engine() -> None:
    """One pass of the engine."""
    engine.run_once(driver="celery")


@shared_task
def keep_house() -> None:
    """Remove signs of life of processes that are long gone, and what has served its time."""
    engine.forget_old_heartbeats()
    trials.forget_old(clock.now())
    housekeeping.purge(now=clock.now(), days=settings.NOTICES_KEPT_DAYS)


@shared_task(soft_time_limit=900, time_limit=930)
def run_trials() -> None:
    """Count the trials of drafts that wait, or whose worker is gone."""
    for pk in trials.waiting(clock.now()).values_list("pk", flat=True)[:20]:
        trials.run_trial(pk)
