"""Withdrawing a source, or believing it again, as a worker does it when much is to be reckoned anew (CMDB-04)."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User
from cmdb.authority import NotAllowed
from cmdb.jobs.services import Refused, Tell, queue_job
from cmdb.models import ItemJob, SourceWithdrawal
from cmdb.sources.withdrawing import NotWithdrawn, put_back, size_of, withdraw
from cmdb.writing import Clash

REFUSALS = (NotWithdrawn, NotAllowed, Clash)
#: Of more items and relations than these the worker reckons.
AT_ONCE = 2000


def is_large(source: str, *, back: bool = False) -> bool:
    """Whether a page would wait too long for it."""
    return size_of(source, back=back) > AT_ONCE


def queue_withdrawal(*, source: str, reason: str, by: User) -> ItemJob:
    """Let a worker withdraw the source."""
    asked = {"source": source, "reason": reason}
    return queue_job(kind=ItemJob.Kind.WITHDRAW, name=source, by=by, asked=asked)


def queue_put_back(*, run: SourceWithdrawal, by: User) -> ItemJob:
    """Let a worker put the source back."""
    return queue_job(kind=ItemJob.Kind.PUT_BACK, name=run.source, by=by, asked={"withdrawal": run.pk})


def do_withdraw(job: ItemJob, tell: Tell) -> None:
    """As ``withdraw``. Raises Refused."""
    job.withdrawal = _tried(job, lambda: withdraw(by=job.by, tell=tell, **job.asked))
    job.outcome = {"counts": job.withdrawal.counts}


def do_put_back(job: ItemJob, tell: Tell) -> None:
    """As ``put_back``. Raises Refused."""
    run = SourceWithdrawal.objects.get(pk=job.asked["withdrawal"])
    _tried(job, lambda: put_back(run=run, by=job.by, tell=tell) or run)
    job.withdrawal = run


def _tried(job: ItemJob, write: Callable[[], SourceWithdrawal]) -> SourceWithdrawal:
    try:
        return write()
    except REFUSALS as error:
        job.outcome = {"message": str(error)}
        raise Refused from error
