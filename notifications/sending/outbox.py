"""Sending what is due: any number of processes may call ``deliver_due`` at any time (reliability.md, section 3.4).

Senders are threads that know no database; the caller writes down what they report. A sender that hangs does not hold
the caller up: left alone, it writes its result down by itself.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from django.db import connections

from notifications.channels import mail, posting
from notifications.channels.outgoing import DEFINITE, UNTRIED, Outgoing, Result
from notifications.events import Channel
from notifications.models import Delivery
from notifications.sending.claiming import LEASE, Claimed, claim_mail, claim_posts
from notifications.sending.results import record, take_back_lost
from tickets import clock

logger = logging.getLogger(__name__)

SENDERS = 8
#: A try takes at most this long; a lease with less left is handed back.
LONGEST_TRY = 15
#: How long the caller waits for senders when there is nothing else to do.
PATIENCE = 1.0


@dataclass
class Job:
    """A message on its way. Its result is written down by whoever comes second: the caller, or the sender itself."""

    claimed: Claimed
    begun: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    abandoned: bool = False
    result: Result | None = None

    def run(self) -> None:
        """Send it, in a sender's thread."""
        result = self._send()
        with self.lock:
            self.result = result
            alone = self.abandoned
        if alone:
            self._write_alone()

    def _send(self) -> Result:
        if time.monotonic() - self.begun > LEASE.total_seconds() - LONGEST_TRY - 1:
            return Result(UNTRIED)
        try:
            return _sender_of(self.claimed.outgoing)(self.claimed.outgoing)
        except Exception as error:
            logger.exception("Delivery %s failed in an unexpected way.", self.claimed.pk)
            return Result(DEFINITE, type(error).__name__)

    def leave(self) -> bool:
        """The caller goes; True when the sender has to write the result down itself."""
        with self.lock:
            self.abandoned = self.result is None
            return self.abandoned

    def _write_alone(self) -> None:
        try:
            self.write_safely()
        finally:
            connections.close_all()

    def write_safely(self) -> bool:
        """Write the result down; False when the lease was taken back, or the row could not be written."""
        try:
            result = self.result or Result(UNTRIED)
            return record(pk=self.claimed.pk, token=self.claimed.token, result=result, now=clock.now())
        except Exception:
            logger.exception("The result of delivery %s is lost; its lease will tell.", self.claimed.pk)
            return False


def _sender_of(outgoing: Outgoing) -> Callable[[Outgoing], Result]:
    return mail.send if outgoing.channel == Channel.EMAIL else posting.send


class Senders:
    """The threads of this process: mails have their own, so that no dead endpoint delays them."""

    def __init__(self) -> None:
        self.mail = ThreadPoolExecutor(SENDERS, thread_name_prefix="mail")
        self.posts = ThreadPoolExecutor(SENDERS * 2, thread_name_prefix="post")
        self.busy: set[Future[None]] = set()

    def room_for_mail(self) -> int:
        """How many more mails may be taken: a few for each idle sender."""
        self.busy = {future for future in self.busy if not future.done()}
        return max(0, SENDERS * 3 - len(self.busy))

    def submit(self, job: Job) -> Future[None]:
        """Let a thread send it."""
        if job.claimed.outgoing.channel == Channel.EMAIL:
            future = self.mail.submit(job.run)
            self.busy.add(future)
            return future
        return self.posts.submit(job.run)


_senders: dict[int, Senders] = {}


def senders() -> Senders:
    """The process's own: threads do not survive a fork."""
    if os.getpid() not in _senders:
        _senders[os.getpid()] = Senders()
    return _senders[os.getpid()]


def deliver_due(budget: float = 10.0) -> int:
    """Send what is due for up to ``budget`` seconds; return how many tries were written down.

    Costs one index probe when nothing is due. Never raises for what one message or endpoint does.
    """
    if not Delivery.objects.due(clock.now()).exists():
        return 0
    take_back_lost(clock.now())
    return _Pass(budget).run()


class _Pass:
    """One call of ``deliver_due``."""

    def __init__(self, budget: float) -> None:
        self.ends = time.monotonic() + budget
        self.jobs: dict[Future[None], Job] = {}
        self.done = 0

    def run(self) -> int:
        idle_since: float | None = None
        while time.monotonic() < self.ends:
            taken = self._take()
            idle_since = None if taken else idle_since or time.monotonic()
            if not self.jobs or (idle_since and time.monotonic() - idle_since > PATIENCE):
                break
            self._collect(timeout=0 if taken else 0.05)
        self._leave()
        return self.done

    def _take(self) -> int:
        """Claim what may be sent now and hand it to the threads."""
        now, room = clock.now(), senders().room_for_mail()
        claimed = [*(claim_mail(now, room) if room else ()), *claim_posts(now)]
        begun = time.monotonic()
        for one in claimed:
            job = Job(one, begun)
            self.jobs[senders().submit(job)] = job
        return len(claimed)

    def _collect(self, timeout: float) -> None:
        finished, _ = wait(self.jobs, timeout=timeout, return_when=FIRST_COMPLETED)
        for future in finished:
            self.done += self.jobs.pop(future).write_safely()

    def _leave(self) -> None:
        """Write down what is finished; what is not writes itself down when it is."""
        for job in self.jobs.values():
            if not job.leave():
                self.done += job.write_safely()
