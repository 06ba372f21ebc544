"""Rules of clocks as rows that fire when an amount of business time is used: arming and firing.

A timer row changes only while its clock is locked. It leaves "armed" in the transaction that stores its notice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from sla.clocks.firing import Hearers, counts_from_registration, give_up, lead_of, tell, tell_all
from sla.clocks.life import Life
from sla.clocks.models import URGENT_RANK
from sla.models import AgreementKind, Clock, EscalationRule, Metric, NoticeRule, Timer
from sla.promises.policies import current_book
from tickets import clock as database_clock

logger = logging.getLogger(__name__)

BATCH = 50
RETRY_AFTER = timedelta(seconds=30)
MOST_ATTEMPTS = 5
#: How long a pass remembers who is responsible.
HEARD_FOR = timedelta(seconds=1)
ARMED = Timer.State.ARMED
WARN, LIMIT, NOTICE, ESCALATE = "warn:", "limit", "notice:", "escalate:"
#: Which rule of ``notice_rules`` belongs to which clock.
RULES_ON = {Metric.RESPONSE.value: NoticeRule.On.NOT_RESPONDED, Metric.RESOLVE.value: NoticeRule.On.NOT_RESOLVED}

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quietly() -> Iterator[None]:
    """Inside, clocks count but no rule is armed or fires: for imported and invented history."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def is_quiet() -> bool:
    """Whether nothing is to be armed or fired now."""
    return _quiet.get()


# --- Arming ---------------------------------------------------------------------------------------------------------
def thresholds(clock: Clock) -> dict[str, timedelta]:
    """Rules of ``clock`` and the business time at which each fires. One short query."""
    book = current_book()
    found = {f"{WARN}{percent}": clock.target * percent / 100 for percent in clock.policy_version.warnings}
    found[LIMIT] = clock.target
    found |= {f"{NOTICE}{rule.pk}": notice_after(clock, rule) for rule in book.rules if is_noticed(clock, rule)}
    return found | {f"{ESCALATE}{r.pk}": escalates_after(clock, r) for r in book.escalations if is_escalated(clock, r)}


def is_noticed(clock: Clock, rule: NoticeRule) -> bool:
    """Whether a notice rule is for ``clock``.

    "Not responded to" of P1 and P2 counts from registration, so also while nobody has dispatched it (INC-22).
    """
    if rule.priority.rank != clock.rank:
        return False
    if clock.metric == Metric.DISPATCH:
        return rule.on == NoticeRule.On.NOT_RESPONDED and counts_from_registration(clock)
    return clock.agreement == AgreementKind.SLA and RULES_ON.get(clock.metric) == rule.on


def notice_after(clock: Clock, rule: NoticeRule) -> timedelta:
    """The business time of ``clock`` at which a notice rule fires; what is negative fires at once."""
    lead = lead_of(clock) if rule.on == NoticeRule.On.NOT_RESPONDED else timedelta()
    return timedelta(minutes=rule.after_minutes or 0) - lead


def is_escalated(clock: Clock, rule: EscalationRule) -> bool:
    """Whether an escalation rule is for ``clock``. Which line has the ticket is asked when it fires."""
    on_this = (rule.agreement, rule.metric) == (clock.agreement, clock.metric)
    return on_this and (rule.priority is None or rule.priority.rank == clock.rank)


def escalates_after(clock: Clock, rule: EscalationRule) -> timedelta:
    """The business time at which an escalation rule fires on ``clock``."""
    return clock.target * rule.percent / 100


def arm(life: Life, at: datetime, *, cause: str = "") -> None:
    """Arm the timers of a stored clock whose promise changed. Fired rules stay fired.

    Without a ``cause`` the promise is the same: rules that were added meanwhile, for a time that was used up before,
    are passed over.
    """
    if _quiet.get() or not life.clock.is_active or life.fresh:
        return
    clock, wanted = life.clock, thresholds(life.clock)
    known = {timer.rule: timer for timer in clock.timers.all()}
    for rule, timer in known.items():
        if timer.state == ARMED and rule not in wanted:
            timer.state = Timer.State.CANCELLED
        elif timer.state in (ARMED, Timer.State.CANCELLED) and rule in wanted:
            timer.state, timer.threshold, timer.cause = ARMED, wanted[rule], cause
    new = [Timer(clock=clock, rule=r, threshold=t, cause=cause) for r, t in wanted.items() if r not in known]
    for timer in new:
        if not cause and known and timer.threshold <= clock.consumed:
            timer.state = Timer.State.PASSED
    set_times(life, [*known.values(), *new], at)
    Timer.objects.bulk_create(new)
    if known:
        Timer.objects.bulk_update(known.values(), ["state", "threshold", "cause", "fire_at"])


def arm_fresh(lives: Sequence[Life], at: datetime) -> None:
    """Store clocks that have just started, and their timers. Two statements."""
    new: list[Timer] = []
    for life in lives:
        clock = life.clock
        if not _quiet.get() and clock.is_active:
            rows = [Timer(clock=clock, rule=rule, threshold=amount) for rule, amount in thresholds(clock).items()]
            set_times(life, rows, at)
            new += rows
    Clock.objects.bulk_create(life.clock for life in lives)
    Timer.objects.bulk_create(new)


def set_times(life: Life, timers: Iterable[Timer], at: datetime) -> None:
    """Set when each armed timer fires and when the clock has to be looked at next. Stores nothing."""
    clock = life.clock
    for timer in timers:
        timer.fire_at = _fires_at(life, timer, at) if timer.state == ARMED and clock.running_since else None
    clock.next_fire_at = next_of(timers)


def _fires_at(life: Life, timer: Timer, at: datetime) -> datetime:
    """The moment at which the threshold is reached; what is past already fires now."""
    remaining = timer.threshold - life.clock.consumed
    return life.business.add(life.clock.running_since or at, remaining) if remaining > timedelta() else at


def next_of(timers: Iterable[Timer]) -> datetime | None:
    """When the first of the armed ``timers`` has to be looked at."""
    times = [max(t.fire_at, t.not_before or t.fire_at) for t in timers if t.state == ARMED and t.fire_at]
    return min(times, default=None)


# --- Firing ---------------------------------------------------------------------------------------------------------
@dataclass
class Fired:
    """What a pass did. ``stuck``: clocks that could not be stored; the next pass comes back to them."""

    clocks: int = 0
    timers: int = 0
    failed: int = 0
    stuck: set[int] = field(default_factory=set)

    def __iadd__(self, other: Fired) -> Fired:
        self.clocks += other.clocks
        self.timers += other.timers
        self.failed += other.failed
        self.stuck |= other.stuck
        return self


def fire_due(*, budget: float = 10.0, now: datetime | None = None) -> Fired:
    """Fire every timer whose time has passed, in batches, until none is left or ``budget`` seconds are over.

    Any number of processes may call it at any time. The urgent lane is looked into before every batch.
    ``now`` is for tests; otherwise the database's time, read for each batch after its clocks are locked.
    """
    done, deadline, hearers = Fired(), time.monotonic() + budget, None
    while _waiting(now or database_clock.now(), done.stuck).exists():
        batch, hearers = _fire_batch(now, hearers, done.stuck)
        done += batch
        if batch.clocks == 0 or time.monotonic() > deadline:
            break
    return done


def _fire_batch(
    now: datetime | None, hearers: Hearers | None = None, stuck: Collection[int] = ()
) -> tuple[Fired, Hearers | None]:
    """Fire some clocks in one transaction. Who is responsible was asked a second ago at most."""
    with transaction.atomic():
        limit_waiting()
        before = now or database_clock.now()
        due = _due(before, stuck)
        clocks = list(due.filter(rank__lte=URGENT_RANK)[:BATCH])
        if len(clocks) < BATCH:
            taken = [clock.pk for clock in clocks]
            clocks += list(due.exclude(pk__in=taken)[: BATCH - len(clocks)])
        if not clocks:
            return Fired(), hearers
        at = now or database_clock.now()
        if hearers is None or not timedelta() <= at - hearers.at < HEARD_FOR:
            hearers = Hearers(at)
        return _fire_clocks(clocks, at, hearers), hearers


def _fire_clocks(clocks: list[Clock], at: datetime, hearers: Hearers) -> Fired:
    """All together, in a few statements; when one of them fails, each by itself, so that it stops no other."""
    try:
        with transaction.atomic():
            return _fire_together(clocks, at, hearers)
    except Exception:
        logger.warning("A batch of %s clocks failed; each is fired by itself.", len(clocks), exc_info=True)
    done = Fired(clocks=len(clocks))
    for clock in Clock.objects.filter(pk__in=[clock.pk for clock in clocks]).order_by("next_fire_at"):
        done += _fire_alone(clock, at, hearers)
    return done


def _fire_alone(clock: Clock, at: datetime, hearers: Hearers) -> Fired:
    """What the database refuses to store holds up no other clock."""
    try:
        with transaction.atomic():
            return fire_clock(Life(clock), at, hearers)
    except Exception:
        logger.exception("Clock %s could not be stored.", clock.pk)
        return Fired(failed=1, stuck={clock.pk})


def _fire_together(clocks: list[Clock], at: datetime, hearers: Hearers) -> Fired:
    armed: dict[int, list[Timer]] = {clock.pk: [] for clock in clocks}
    for timer in Timer.objects.filter(clock__in=list(armed), state=ARMED).order_by("fire_at", "id"):
        armed[timer.clock_id].append(timer)
    for clock in clocks:
        Life(clock).settle(at)
    due = [(clock, timer) for clock in clocks for timer in armed[clock.pk] if _is_due(timer, at)]
    tell_all(due, at, hearers)
    for _clock, timer in due:
        timer.state = Timer.State.FIRED
    Timer.objects.filter(pk__in=[timer.pk for _clock, timer in due]).update(state=Timer.State.FIRED, fired_at=at)
    for clock in clocks:
        clock.settled_at = max(at, clock.settled_at or at)
        clock.next_fire_at = next_of(armed[clock.pk])
    _write_settled(clocks)
    return Fired(clocks=len(clocks), timers=len(due))


def _is_due(timer: Timer, at: datetime) -> bool:
    return bool(timer.fire_at and timer.fire_at < at and (timer.not_before is None or timer.not_before <= at))


def _write_settled(clocks: list[Clock]) -> None:
    """What firing changes in clocks, in one plain statement."""
    columns = [(c.pk, c.breached_at, c.settled_at, c.next_fire_at) for c in clocks]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_clock c SET breached_at = v.breached, settled_at = v.settled, next_fire_at = v.next "
            "FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[]) "
            "AS v(id, breached, settled, next) WHERE c.id = v.id",
            [list(column) for column in zip(*columns, strict=True)],
        )


def limit_waiting() -> None:
    """In this transaction alone: an engine that hangs must not hold a lock for long."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', '10s', true), set_config('lock_timeout', '2s', true), "
            "set_config('idle_in_transaction_session_timeout', '15s', true)"
        )


def _waiting(now: datetime, stuck: Collection[int]) -> QuerySet[Clock, Clock]:
    return Clock.objects.filter(next_fire_at__isnull=False, next_fire_at__lt=now).exclude(pk__in=stuck)


def _due(now: datetime, stuck: Collection[int]) -> QuerySet[Clock, Clock]:
    due = _waiting(now, stuck).order_by("next_fire_at")
    return due.select_for_update(skip_locked=True, no_key=True, of=("self",))


def fire_clock(life: Life, at: datetime, hearers: Hearers | None = None) -> Fired:
    """Decide the past of a locked clock up to ``at`` and fire its rules that are due. Stores the clock.

    An error in one rule takes back that rule alone; it is tried again, and given up after some attempts.
    """
    clock, done = life.clock, Fired()
    hearers = hearers or Hearers(at)
    life.settle(at)
    armed = list(clock.timers.filter(state=ARMED).order_by("fire_at", "id"))
    for timer in armed:
        if _is_due(timer, at):
            fired = _fire(clock, timer, at, hearers)
            done.timers += fired
            done.failed += not fired
    clock.settled_at = max(at, clock.settled_at or at)
    clock.next_fire_at = next_of(armed)
    clock.save(update_fields=["breached_at", "settled_at", "next_fire_at"])
    return done


def _fire(clock: Clock, timer: Timer, at: datetime, hearers: Hearers) -> bool:
    try:
        with transaction.atomic():
            tell(clock, timer, at, hearers)
            timer.state, timer.fired_at = Timer.State.FIRED, at
            timer.save(update_fields=["state", "fired_at"])
    except Exception as error:
        logger.exception("Timer %s of clock %s failed.", timer.rule, clock.pk)
        _failed(clock, timer, at, f"{type(error).__name__}: {error}")
        return False
    return True


def _failed(clock: Clock, timer: Timer, at: datetime, error: str) -> None:
    timer.attempts = timer.attempts + 1
    timer.state, timer.fired_at = ARMED, None
    timer.last_error, timer.not_before = error[:1000], at + RETRY_AFTER
    if timer.attempts >= MOST_ATTEMPTS:
        timer.state = Timer.State.FAILED
        give_up(clock, timer, at)
    timer.save(update_fields=["attempts", "state", "last_error", "not_before", "fired_at"])


# --- After history was loaded ---------------------------------------------------------------------------------------
def arm_future(clocks: QuerySet[Clock, Clock], at: datetime) -> int:
    """Arm the rules that lie after ``at`` of active clocks that have no timers; return how many clocks.

    An import must not send thousands of old notices: what is past counts as told.
    """
    count = 0
    for clock in clocks.filter(state__in=("running", "paused"), timers=None).select_related("policy_version"):
        with transaction.atomic():
            life = Life(clock)
            life.settle(at)
            timers = [Timer(clock=clock, rule=rule, threshold=t) for rule, t in thresholds(clock).items()]
            used = life.consumed_at(at)
            for timer in timers:
                timer.state = Timer.State.CANCELLED if timer.threshold < used else ARMED
            set_times(life, timers, at)
            Timer.objects.bulk_create(timers)
            clock.save(update_fields=["next_fire_at", "breached_at"])
        count += 1
    return count
