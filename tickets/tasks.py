"""Tasks of the tickets' housekeeping: thin wrappers, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from tickets import clock
from tickets.database import housekeeping
from tickets.files.checks import check_nightly
from tickets.search import refreshing


@shared_task
def purge_expired() -> None:
    """Remove what nobody needs any more."""
    housekeeping.purge_expired(now=clock.now())


@shared_task(soft_time_limit=3600, time_limit=3700)
def check_files() -> None:
    """Once a day: does every ticket have its files, whole?"""
    check_nightly(clock.now())


@shared_task
def refresh_search() -> None:
    """Let the search know new names."""
    refreshing.refresh_stale()
