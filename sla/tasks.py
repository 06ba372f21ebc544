"""Background work: wrappers that take no arguments, so that a lost, late or doubled message is harmless."""

from __future__ import annotations

from celery import shared_task

from sla import engine


@shared_task
def run_engine() -> None:
    """One pass of the engine."""
    engine.run_once(driver="celery")


@shared_task
def forget_heartbeats() -> None:
    """Remove signs of life of processes that are long gone."""
    engine.forget_old_heartbeats()
