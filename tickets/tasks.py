"""Tasks of the tickets' housekeeping: thin wrappers, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from tickets import clock, housekeeping


@shared_task
def purge_expired() -> None:
    """Remove what nobody needs any more."""
    housekeeping.purge_expired(now=clock.now())
