"""Edited rules hold for open clocks too: counting beforehand what an edit does, and bringing timers in line.

A web request only writes down that a rule was edited; the engine does the rest in batches. What fired stays fired, and
what was behind when the rule was edited is passed over: an edit sends nothing by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from sla.calendars.publishing import business_time
from sla.clocks import timers
from sla.clocks.life import Life
from sla.clocks.models import ACTIVE, URGENT_RANK
from sla.models import AgreementKind, Clock, EscalationRule, Metric, NoticeRule, RuleEdit, Segment, Timer
from sla.promises.policies import current_book, one_book
from tickets import clock as database_clock

Rule = NoticeRule | EscalationRule
Stage, State = RuleEdit.Stage, Timer.State
CAUSE = "rule_change"
BATCH = 200
#: Actions that were under way during the edit may have read the rules before it; they are over after this.
SETTLES = timedelta(seconds=30)
#: So many clocks are looked at for a preview; each costs some microseconds.
MOST_LOOKED_AT = 50_000


# --- Which clocks a rule is for --------------------------------------------------------------------------------------
def name_of(rule: Rule) -> str:
    """The rule as timers name it."""
    return f"{timers.NOTICE if isinstance(rule, NoticeRule) else timers.ESCALATE}{rule.pk}"


def scopes_of(rule: Rule) -> list[list[object]]:
    """Agreement, metric and rank (None: every one) of the clocks that ``rule`` is for; empty when it is for none."""
    rank = rule.priority.rank if rule.priority else None
    if isinstance(rule, EscalationRule):
        return [[str(rule.agreement), str(rule.metric), rank]]
    found = [[AgreementKind.SLA.value, metric, rank] for metric, on in timers.RULES_ON.items() if on == rule.on]
    if rule.on == NoticeRule.On.NOT_RESPONDED and rule.priority.rank <= URGENT_RANK:
        found.append([AgreementKind.OLA.value, Metric.DISPATCH.value, rank])
    return found  # type: ignore[return-value]  # lists are invariant


def _timing(rule: Rule | None) -> tuple[object, ...]:
    """What decides on which clocks a rule fires, and when."""
    if rule is None or not rule.active:
        return ()
    after = rule.percent if isinstance(rule, EscalationRule) else rule.after_minutes
    return (*(tuple(scope) for scope in scopes_of(rule) or [["none"]]), after)


def moves_timers(old: Rule | None, new: Rule | None) -> bool:
    """Whether open clocks have something to follow when ``old`` becomes ``new``; None: there is none."""
    before, after = _timing(old), _timing(new)
    return before != after and any(scopes_of(rule) for rule in (old, new) if rule is not None)


def _among(scopes: Iterable[list[object]]) -> QuerySet[Clock, Clock]:
    """Active clocks of ``scopes``."""
    parts = [
        Q(agreement=agreement, metric=metric) & (Q() if rank is None else Q(rank=rank))
        for agreement, metric, rank in scopes
    ]
    return Clock.objects.filter(reduce(or_, parts), state__in=ACTIVE) if parts else Clock.objects.none()


# --- Before --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Holds:
    """How many open clocks a rule holds for, and for how many its time is behind; ``more``: not all were looked at."""

    count: int = 0
    passed: int = 0
    more: bool = False


def holds_for(rule: Rule, now: datetime | None = None) -> Holds:
    """What ``rule``, stored or not, would mean for the clocks that are open now. Changes nothing."""
    scopes, at = scopes_of(rule), now or database_clock.now()
    if not scopes or not rule.active:
        return Holds()
    found = _among(scopes)
    if rule.pk:
        found = found.exclude(timers__in=Timer.objects.filter(rule=name_of(rule), state=State.FIRED))
    looked = list(found.select_related("calendar_version").order_by("pk")[: MOST_LOOKED_AT + 1])
    passed = sum(_is_behind(clock, _threshold(rule, clock), at) for clock in looked[:MOST_LOOKED_AT])
    return Holds(min(len(looked), MOST_LOOKED_AT), passed, len(looked) > MOST_LOOKED_AT)


def _threshold(rule: Rule, clock: Clock) -> timedelta:
    if isinstance(rule, EscalationRule):
        return timers.escalates_after(clock, rule)
    return timers.notice_after(clock, rule)


def _is_behind(clock: Clock, threshold: timedelta, moment: datetime) -> bool:
    """Whether ``threshold`` was reached before ``moment``, from which on nothing happened to ``clock``."""
    if clock.running_since and threshold > clock.consumed:
        return Life(clock).business.add(clock.running_since, threshold - clock.consumed) < moment
    return threshold <= clock.consumed


# --- Writing down --------------------------------------------------------------------------------------------------
def note_edit(old: Rule | None, new: Rule | None, *, by: User | None, now: datetime | None = None) -> RuleEdit | None:
    """Leave it to the engine that ``old`` became ``new``, in the transaction of the edit; None when nothing moves.

    What an earlier edit of the same rule left to do goes with this one.
    """
    if not moves_timers(old, new):
        return None
    rule, at = new or old, now or database_clock.now()
    assert rule is not None  # noqa: S101 - one of them moves
    earlier = RuleEdit.objects.filter(rule=name_of(rule), done_at=None)
    scopes = [scope for each in (old, new) if each is not None for scope in scopes_of(each)]
    scopes += [scope for edit in earlier for scope in edit.scopes]
    earlier.update(done_at=at)
    distinct = [scope for number, scope in enumerate(scopes) if scope not in scopes[:number]]
    return RuleEdit.objects.create(rule=name_of(rule), at=at, by=by, scopes=distinct)


# --- Afterwards ------------------------------------------------------------------------------------------------------
def follow_rules(*, budget: float = 2.0, now: datetime | None = None) -> int:
    """Bring timers of open clocks in line with edited rules; return how many clocks were looked at.

    Any number of processes may call it at any time; each takes an edit that nobody else has. Begins no new batch after
    ``budget`` seconds. ``now`` is for tests; otherwise the database's time.
    """
    looked, deadline = 0, time.monotonic() + budget
    for pk in list(RuleEdit.objects.filter(done_at=None).order_by("id").values_list("pk", flat=True)):
        while time.monotonic() < deadline and (found := _follow_batch(pk, now)) is not None:
            looked += found
    return looked


@transaction.atomic
def _follow_batch(pk: int, now: datetime | None) -> int | None:
    """One batch of clocks; None when there is nothing that this process can do about the edit now."""
    timers.limit_waiting()
    edit = RuleEdit.objects.select_for_update(skip_locked=True).filter(pk=pk, done_at=None).first()
    if edit is None:
        return None
    at = now or database_clock.now()
    keys = _next_keys(edit, at)
    with one_book():
        missed = _bring_in_line(edit, keys, now)
    edit.left = sorted({*edit.left, *missed} - (set(keys) - set(missed)))
    if edit.stage == Stage.LEFT and not edit.left:
        edit.done_at = at
    edit.save()
    return len(keys) if len(missed) < len(keys) else None


def _next_keys(edit: RuleEdit, at: datetime) -> list[int]:
    """The clocks to look at next: all in order, then those that began meanwhile, with those that were left over."""
    found = _among(edit.scopes)
    if edit.stage == Stage.ALL:
        keys = list(found.filter(pk__gt=edit.looked_to).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if keys:
            edit.looked_to = keys[-1]
            return keys
        edit.stage = Stage.BEGUN_MEANWHILE
    if edit.stage == Stage.BEGUN_MEANWHILE and at >= edit.at + SETTLES:
        young = found.filter(started_at__gte=edit.at - SETTLES).values_list("pk", flat=True)
        edit.left, edit.stage = sorted({*edit.left, *young}), Stage.LEFT
    return edit.left[:BATCH]


def _bring_in_line(edit: RuleEdit, keys: list[int], now: datetime | None) -> list[int]:
    """Do what the rule says now with the timers of the clocks ``keys``; return those that have to wait.

    The clock's row is the only lock, and never waited for. A clock with rules that are due fires them first.
    """
    active = Clock.objects.filter(pk__in=keys, state__in=ACTIVE)
    locked = active.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk")
    clocks = {clock.pk: clock for clock in locked.select_related("calendar_version", "policy_version")}
    at = now or database_clock.now()
    ready = {pk: clock for pk, clock in clocks.items() if not (clock.next_fire_at and clock.next_fire_at < at)}
    known: dict[int, list[Timer]] = {pk: [] for pk in ready}
    for timer in Timer.objects.filter(clock__in=list(ready)):
        known[timer.clock_id].append(timer)
    _write(_changed(edit, ready, known, at), ready, known)
    return list(active.exclude(pk__in=list(ready)).values_list("pk", flat=True)) if len(ready) < len(keys) else []


def _changed(edit: RuleEdit, clocks: dict[int, Clock], known: dict[int, list[Timer]], at: datetime) -> Iterator[Timer]:
    """The timers of the edited rule that are not as they should be, put right; new ones are added to ``known``."""
    book = current_book()
    in_force: list[Rule] = [*book.rules, *book.escalations]
    rule = next((each for each in in_force if name_of(each) == edit.rule), None)
    for pk, clock in clocks.items():
        # What was imported quietly has no timers at all: it is armed when the import is over.
        timer = next((row for row in known[pk] if row.rule == edit.rule), None)
        wanted = _threshold(rule, clock) if rule is not None and _is_for(rule, clock) else None
        if not known[pk] or (timer is None and wanted is None):
            continue
        row = timer or Timer(clock=clock, rule=edit.rule, threshold=timedelta(), state=State.CANCELLED)
        if _put_right(edit, Life(clock), row, wanted, at):
            if timer is None:
                known[pk].append(row)
            yield row


def _is_for(rule: Rule, clock: Clock) -> bool:
    return timers.is_noticed(clock, rule) if isinstance(rule, NoticeRule) else timers.is_escalated(clock, rule)


def _put_right(edit: RuleEdit, life: Life, timer: Timer, wanted: timedelta | None, at: datetime) -> bool:
    """Arm, pass over or take back ``timer``; whether that changed it."""
    before = (str(timer.state), timer.threshold)
    if timer.state in (State.FIRED, State.FAILED) or (timer.state == State.ARMED and timer.threshold == wanted):
        return False
    if wanted is None:
        timer.state = State.CANCELLED
    else:
        behind = _was_behind(life, wanted, edit.at)
        timer.state, timer.threshold, timer.cause = State.PASSED if behind else State.ARMED, wanted, CAUSE
    if timer.pk and before == (str(timer.state), timer.threshold):
        return False
    timers.set_times(life, [timer], at)
    edit.armed += timer.state == State.ARMED
    edit.passed += timer.state == State.PASSED
    edit.taken_back += before[0] == State.ARMED and wanted is None
    return True


def _was_behind(life: Life, threshold: timedelta, moment: datetime) -> bool:
    """As ``_is_behind``, also for a clock that something happened to since ``moment``: then its stretches tell."""
    clock = life.clock
    since = clock.running_since or clock.paused_since
    if since is None or since <= moment:
        return _is_behind(clock, threshold, moment)
    used = timedelta()
    rows = Segment.objects.filter(clock=clock, gen=clock.gen, kind=Segment.Kind.RUN, started__lt=moment)
    for row in rows.select_related("calendar_version"):
        business = business_time(row.calendar_version)
        used += row.counted if row.ended <= moment else business.diff(row.started, moment)
    return threshold <= used


_CHANGE_TIMERS = """
UPDATE sla_timer t SET state = v.state, threshold = v.threshold, cause = v.cause, fire_at = v.at
FROM unnest(%s::bigint[], %s::text[], %s::interval[], %s::text[], %s::timestamptz[])
    AS v(id, state, threshold, cause, at) WHERE t.id = v.id
"""
_CHANGE_CLOCKS = """
UPDATE sla_clock c SET next_fire_at = v.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS v(id, at) WHERE c.id = v.id
"""


def _write(changed: Iterable[Timer], clocks: dict[int, Clock], known: dict[int, list[Timer]]) -> None:
    """Store timers, and when their clocks have to be looked at next. Three statements."""
    rows = list(changed)
    if not rows:
        return
    old = [row for row in rows if row.pk]
    touched = sorted({row.clock_id for row in rows})
    Timer.objects.bulk_create(row for row in rows if not row.pk)
    columns = [(r.pk, str(r.state), r.threshold, r.cause, r.fire_at) for r in old]
    with connection.cursor() as cursor:
        if columns:
            cursor.execute(_CHANGE_TIMERS, [list(column) for column in zip(*columns, strict=True)])
        cursor.execute(_CHANGE_CLOCKS, [touched, [timers.next_of(known[pk]) for pk in touched]])
