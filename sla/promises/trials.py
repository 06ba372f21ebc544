"""Trials as jobs: asking for one, counting it, forgetting it.

Any worker may take one that waits, or one whose worker has not said for a minute that it lives.
"""

from __future__ import annotations

import logging
import uuid
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import translation

from accounts.models import User
from sla.calendars.publishing import Content, Day
from sla.models import Calendar, Policy, TrialRun
from sla.promises.policies import Draft, Promise
from sla.promises.whatif import Trial, tickets_between, try_calendar, try_policy
from tickets import clock

State, What = TrialRun.State, TrialRun.What
#: Up to so many tickets are counted while the page waits.
COUNTED_AT_ONCE = 1_000
SILENCE, ATTEMPTS = timedelta(seconds=60), 3
KEPT = timedelta(days=1)
#: After so many tickets a worker says how far it is, and learns whether it should go on.
SAID_EVERY = 500
logger = logging.getLogger(__name__)


class StoppedError(Exception):
    """The trial was cancelled, or another worker has it now."""


# --- Drafts as text -------------------------------------------------------------------------------------------------
def write_draft(draft: Draft | Content) -> dict[str, Any]:
    """A draft as JSON can keep it."""
    if isinstance(draft, Draft):
        rows = [[row.metric, row.calendar, row.minutes, list(map(list, row.conditions))] for row in draft.promises]
        said = {"pausing": draft.pausing, "warnings": draft.warnings, "on_change": str(draft.on_change)}
        moments = {"response": draft.response, "resolve": draft.resolve}
        return {"promises": rows, "restarts": draft.restarts, **said, **moments}
    days = [[str(day), entry.intervals, entry.label, entry.source] for day, entry in sorted(draft.days.items())]
    known = str(draft.confirmed_until) if draft.confirmed_until else None
    return {"zone": draft.zone, "always": draft.always, "week": draft.week, "days": days, "confirmed_until": known}


def read_policy(said: dict[str, Any]) -> Draft:
    """The draft of a policy that ``write_draft`` wrote."""
    rows = (Promise(m, c, n, tuple((name, value) for name, value in pairs)) for m, c, n, pairs in said["promises"])
    parts: dict[str, Any] = {"on_change": said["on_change"], "restarts": said["restarts"]}
    parts |= {name: tuple(said[name]) for name in ("response", "resolve") if name in said}
    return Draft(tuple(rows), tuple(said["pausing"]), tuple(said["warnings"]), **parts)


def read_calendar(said: dict[str, Any]) -> Content:
    """The draft of a calendar that ``write_draft`` wrote."""
    week = tuple(tuple((a, b) for a, b in day) for day in said["week"])
    days = {
        date.fromisoformat(day): Day(tuple((a, b) for a, b in intervals), label, source)
        for day, intervals, label, source in said["days"]
    }
    known = said["confirmed_until"]
    return Content(said["zone"], said["always"], week, days, date.fromisoformat(known) if known else None)


# --- Asking ---------------------------------------------------------------------------------------------------------
def ask(*, user: User, what: str, code: str, draft: Draft | Content, since: datetime, until: datetime) -> TrialRun:
    """A trial with its result when there is little to count, else as a job that a worker takes.

    Somebody's trial that is still being counted is given up for the new one.
    """
    run = TrialRun(
        user=user,
        what=what,
        code=code,
        draft=write_draft(draft),
        since=since,
        until=until,
        language=translation.get_language() or "",
        created_at=clock.now(),
        total=tickets_between(since, until).count(),
    )
    if run.total <= COUNTED_AT_ONCE:
        run.result, run.status, run.done = count(run).as_json(), State.READY, run.total
        run.finished_at = run.created_at
        run.save()
        return run
    TrialRun.objects.filter(user=user, status__in=TrialRun.AT_WORK).update(
        status=State.CANCELLED, finished_at=run.created_at, worker=""
    )
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError:  # a second tab asked at the same moment
        return TrialRun.objects.get(user=user, status__in=TrialRun.AT_WORK)
    return run


def count(run: TrialRun, said: Any = None) -> Trial:
    """Replay history; ``said`` is called with how many tickets are done. Stores nothing."""
    period = (run.since, run.until)
    if run.what == What.POLICY:
        policy = Policy.objects.get(pk=run.code)
        return try_policy(policy, read_policy(run.draft), *period, said=said)
    calendar = Calendar.objects.select_related("current").get(pk=run.code)
    return try_calendar(calendar, read_calendar(run.draft), *period, said=said)


# --- Counting -------------------------------------------------------------------------------------------------------
def waiting(now: datetime) -> QuerySet[TrialRun, TrialRun]:
    """Trials that nobody counts: not begun, or begun by a worker that is gone."""
    gone = Q(status=State.RUNNING, heartbeat_at__lt=now - SILENCE)
    return TrialRun.objects.filter(Q(status=State.QUEUED) | gone).order_by("id")


def run_trial(pk: int) -> bool:
    """Count the trial with ``pk``; return whether this call did. Safe to call from any number of workers."""
    worker = str(uuid.uuid4())
    if not _claim(pk, worker):
        return False
    run = TrialRun.objects.get(pk=pk)
    mine = TrialRun.objects.filter(pk=pk, status=State.RUNNING, worker=worker)

    def said(done: int) -> None:
        if done % SAID_EVERY == 0 and not mine.update(done=done, heartbeat_at=clock.now()):
            raise StoppedError

    try:
        with translation.override(run.language):
            result = count(run, said).as_json()
    except StoppedError:
        return False
    except Exception:
        logger.exception("Trial %s failed", pk)
        mine.update(status=State.FAILED, finished_at=clock.now(), worker="")
        return False
    return bool(mine.update(status=State.READY, result=result, done=run.total, finished_at=clock.now(), worker=""))


def _claim(pk: int, worker: str) -> bool:
    now = clock.now()
    found = waiting(now).order_by().filter(pk=pk)
    if found.filter(attempts__gte=ATTEMPTS).update(status=State.FAILED, finished_at=now, worker=""):
        return False
    changes = {"status": State.RUNNING, "worker": worker, "heartbeat_at": now, "done": 0}
    return bool(found.update(**changes, attempts=F("attempts") + 1))


def forget_old(now: datetime) -> int:
    """Remove trials older than a day; return how many."""
    return TrialRun.objects.filter(created_at__lt=now - KEPT).delete()[0]
