"""Asking for a job, doing it, saying how far it is. The row is the job: any worker takes one that waits.

A job writes in one transaction, which also says that it is done: a killed worker has written nothing, and another
begins anew. How far it is goes over a connection of its own, for nobody sees into a transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, Self

from django.core.files.base import File
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import may_correct
from cmdb.models import ItemImport, ItemJob

State = ItemJob.State
#: A worker that was silent for so long is gone; tried so often, then it is given up.
SILENCE, ATTEMPTS = timedelta(seconds=60), 3
#: Files of jobs are kept for so long after their end: to decide what was open and go on with the same file.
KEPT = timedelta(days=1)
#: Seconds between two words about how far it is.
PULSE = 1.0

#: (stage, how many, of how many) while it works.
Tell = Callable[[str, int, int], None]
#: Does the job and sets its outcome, run or withdrawal. Raises Refused.
Work = Callable[[ItemJob, Tell], None]
#: What does jobs of each kind; loaded with the first, for its libraries are large.
WORKS = {
    ItemJob.Kind.IMPORT: "cmdb.transfer.requests.do_import",
    ItemJob.Kind.UNDO: "cmdb.transfer.undoing.do_undo",
    ItemJob.Kind.WITHDRAW: "cmdb.sources.jobs.do_withdraw",
    ItemJob.Kind.PUT_BACK: "cmdb.sources.jobs.do_put_back",
}


class Refused(Exception):  # noqa: N818 - said to people
    """Nothing was written; the outcome of the job says why."""


class NotNow(Exception):  # noqa: N818 - not an error: it waits
    """Something else is at work on all items; the job is tried again."""


def queue_job(
    *,
    kind: str,
    name: str,
    by: User,
    asked: dict[str, Any],
    files: tuple[Any, Any] = (None, None),
    run: ItemImport | None = None,
) -> ItemJob:
    """Keep what is asked, with the files of items and relations, or the import it is about; a worker begins within
    seconds.
    """
    job = ItemJob(kind=kind, name=name[:200], by=by, asked=asked, run=run)
    job.language = translation.get_language() or "zh-hans"
    job.items, job.relations = (File(file, name=file.name) if file else "" for file in files)
    job.save(force_insert=True)
    return job


@transaction.atomic
def go_on(job: ItemJob, *, by: User, name: str, asked: dict[str, Any], files: tuple[Any, Any]) -> ItemJob:
    """Ask again after ``job``: its files go along, unless there are others now."""
    made = queue_job(kind=job.kind, name=name, by=by, asked=asked, files=files)
    left = {name: getattr(job, name).name for name in ("items", "relations") if not getattr(made, name)}
    ItemJob.objects.filter(pk=made.pk).update(**left)
    ItemJob.objects.filter(pk=job.pk).update(**dict.fromkeys(left, ""))
    made.refresh_from_db()
    return made


def waiting_jobs(now: datetime) -> QuerySet[ItemJob]:
    """Those that nobody began, the oldest first, and those whose worker is gone."""
    gone = Q(state=State.RUNNING, heartbeat_at__lt=now - SILENCE)
    return ItemJob.objects.filter(Q(state=State.WAITING) | gone).order_by("pk")


def run_job(pk: int, now: datetime) -> bool:
    """Do the job when it waits or its worker is gone; return whether this call did it. Any worker may call."""
    worker = str(uuid.uuid4())
    if not _claim(pk, worker, now):
        return False
    job = ItemJob.objects.select_related("by", "run").get(pk=pk)
    try:
        with translation.override(job.language), Pulse(job) as pulse:
            _do(job, pulse.tell)
    except NotNow:
        _mine(job).update(state=State.WAITING, worker="", attempts=F("attempts") - 1)
        return False
    except Exception:
        _mine(job).update(state=State.WAITING, worker="")
        raise
    return True


def _claim(pk: int, worker: str, now: datetime) -> bool:
    found = waiting_jobs(now).filter(pk=pk)
    if found.filter(attempts__gte=ATTEMPTS).update(state=State.FAILED, finished_at=now, worker=""):
        return False
    values: dict[str, Any] = {"state": State.RUNNING, "worker": worker, "heartbeat_at": Now(), "stage": "", "done": 0}
    return bool(found.update(attempts=F("attempts") + 1, **values))


def _mine(job: ItemJob) -> QuerySet[ItemJob]:
    return ItemJob.objects.filter(pk=job.pk, state=State.RUNNING, worker=job.worker)


def _do(job: ItemJob, tell: Tell) -> None:
    state = State.DONE
    try:
        with transaction.atomic():
            if not may_correct(job.by):
                job.outcome = {"message": _("Only the configuration manager corrects the record.")}
                raise Refused
            work: Work = import_string(WORKS[ItemJob.Kind(job.kind)])
            work(job, tell)
            _finish(job, State.DONE)
    except Refused:
        state = State.REFUSED
    if state == State.REFUSED:
        _finish(job, state)


def _finish(job: ItemJob, state: str) -> None:
    """The last word. Raises NotNow when another worker has the job by now: nothing of this one stays."""
    said = {"outcome": job.outcome, "run": job.run, "withdrawal": job.withdrawal}
    if not _mine(job).update(state=state, finished_at=Now(), worker="", **said):
        raise NotNow


class Pulse:
    """Says each second that the worker lives and how far it is, from a thread with a connection of its own."""

    def __init__(self, job: ItemJob) -> None:
        self._job, self._said = job, ("", 0, 0)
        self._over = Event()
        self._thread = Thread(target=self._beat, daemon=True)

    def tell(self, stage: str, done: int, total: int) -> None:
        """How far it is; written with the next beat."""
        self._said = (stage, done, total)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        with suppress(Exception):  # a broken connection: the work goes on, and ends with its own word
            while not self._over.wait(PULSE):
                stage, done, total = self._said
                _mine(self._job).update(stage=stage, done=done, total=total, heartbeat_at=Now())
        connection.close()


def purge_files(now: datetime) -> int:
    """Remove the files of jobs that ended a day ago; the rows stay as the record. Return how many rows."""
    over = ItemJob.objects.exclude(state__in=ItemJob.AT_WORK).filter(finished_at__lt=now - KEPT)
    rows = list(over.exclude(items="", relations=""))
    for job in rows:
        for file in (job.items, job.relations):
            if file:
                file.delete(save=False)
        job.save(update_fields=["items", "relations"])
    return len(rows)
