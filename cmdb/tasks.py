"""Background work of the configuration database: wrappers that may run late, twice or not at all."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from cmdb.compliance import services as compliance
from cmdb.jobs import services as jobs
from cmdb.network.keeping import keep_single_points as keep
from cmdb.network.reading import forget
from itsm.moments import portal_day


@shared_task(soft_time_limit=60, time_limit=90)
def keep_single_points() -> None:
    """Reckon the single points of failure of services whose foundations changed."""
    keep(timezone.now())
    forget()


#: Seconds that a job may take; a killed one is begun anew by another worker.
LIMIT = 3600


@shared_task(soft_time_limit=LIMIT, time_limit=LIMIT + 30)
def run_jobs() -> None:
    """Do the next job that nobody began, or whose worker is gone. Pages tell no broker: it might not answer."""
    now = timezone.now()
    for pk in jobs.waiting_jobs(now).values_list("pk", flat=True)[:1]:
        jobs.run_job(pk, now)


@shared_task
def purge_job_files() -> None:
    """Remove files of jobs that ended a day ago."""
    jobs.purge_files(timezone.now())


@shared_task(soft_time_limit=600, time_limit=630)
def keep_compliance() -> None:
    """Keep how far the record keeps to each rule today."""
    now = timezone.now()
    compliance.keep_shares(now, portal_day(now))
