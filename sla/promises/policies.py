"""Which promises count for a ticket, and publishing new versions of policies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from itsm.moments import portal_day
from sla.models import (
    Agreement,
    AgreementKind,
    CalendarVersion,
    ClosingRule,
    EscalationRule,
    FaultLevel,
    Metric,
    Moment,
    NoticeRule,
    Policy,
    PolicyVersion,
    Target,
)
from tickets.models import Ticket

#: Priorities by fault level.
Faults = dict[str, set[str]]


@dataclass(frozen=True)
class Promise:
    """A target as it is published; ``conditions``: pairs of a condition's column and its value."""

    metric: str
    calendar: str
    minutes: int | None
    conditions: tuple[tuple[str, Any], ...] = ()


#: From which moment to which response and resolution count, as the source defines them.
RESPONSE, RESOLVE = (Moment.DISPATCHED.value, Moment.STARTED.value), (Moment.STARTED.value, Moment.RESOLVED.value)


@dataclass(frozen=True)
class Draft:
    """What a version of a policy says. ``response``, ``resolve``: from which moment to which each counts (SLM-04)."""

    promises: tuple[Promise, ...]
    pausing: tuple[str, ...] = ()
    warnings: tuple[int, ...] = (50, 80)
    on_change: str = PolicyVersion.OnChange.FROM_START
    restarts: bool = False
    response: tuple[str, str] = RESPONSE
    resolve: tuple[str, str] = RESOLVE

    def digest(self) -> str:
        """A hash of everything that it says."""
        rows = [[row.metric, row.calendar, row.minutes, row.conditions] for row in self.promises]
        said = [rows, self.pausing, self.warnings, str(self.on_change), self.restarts]
        if (self.response, self.resolve) != (RESPONSE, RESOLVE):
            said += [self.response, self.resolve]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def is_in_order(moments: tuple[str, str]) -> bool:
    """Whether a limit ends after it begins."""
    return Moment.values.index(moments[0]) < Moment.values.index(moments[1])


class PolicyMovedError(Exception):
    """Somebody published ``newest`` since the version was read that is being edited."""

    def __init__(self, newest: PolicyVersion) -> None:
        super().__init__(newest.number)
        self.newest = newest


def check_draft(draft: Draft) -> None:
    """Raise ValueError for a draft without targets, or whose limits end before they begin, or which lets another
    response than the one after a dispatch count anew.
    """
    if not draft.promises:
        raise ValueError("a policy without targets promises nothing")
    if not (is_in_order(draft.response) and is_in_order(draft.resolve)):
        raise ValueError("a limit ends after it begins")
    if draft.restarts and draft.response != RESPONSE:
        raise ValueError("only a response from dispatch to start counts anew after a return")


@transaction.atomic
def publish_policy(
    policy: Policy,
    draft: Draft,
    *,
    valid_from: datetime,
    valid_until: datetime | None = None,
    by: User | None,
    at: datetime,
    note: str = "",
    edits: int | None = None,
) -> PolicyVersion:
    """Make ``draft`` the newest version of ``policy``, for clocks that start from ``valid_from`` on.

    Clocks that run keep their version. ``edits``: the number of the version that was edited; None: whichever stands.
    Raises PolicyMovedError when that is not the newest any more; ValueError as ``check_draft``.
    """
    check_draft(draft)
    Policy.objects.select_for_update(no_key=True).get(pk=policy.pk)
    newest = policy.versions.order_by("-number").first()
    if newest is not None and edits is not None and newest.number != edits:
        raise PolicyMovedError(newest)
    version = PolicyVersion.objects.create(
        policy=policy,
        number=(newest.number if newest else 0) + 1,
        valid_from=valid_from,
        valid_until=valid_until,
        pausing=list(draft.pausing),
        warnings=sorted(set(draft.warnings)),
        on_change=draft.on_change,
        restarts=draft.restarts,
        **columns_of(draft),
        content_hash=draft.digest(),
        note=note,
        published_at=at,
        published_by=by,
    )
    Target.objects.bulk_create(_targets(version, draft))
    return version


def columns_of(draft: Draft) -> dict[str, str]:
    """The moments of ``draft`` as columns of a version."""
    names = ("response_starts", "response_stops", "resolve_starts", "resolve_stops")
    return dict(zip(names, (*draft.response, *draft.resolve), strict=True))


def _targets(version: PolicyVersion, draft: Draft) -> Iterator[Target]:
    for position, row in enumerate(draft.promises):
        own = {"metric": row.metric, "calendar_id": row.calendar, "minutes": row.minutes, **dict(row.conditions)}
        yield Target(version=version, position=position, **own)


def draft_of(version: PolicyVersion) -> Draft:
    """What ``version`` says, to start an edit from."""
    promises = tuple(
        Promise(
            row.metric,
            row.calendar_id,
            row.minutes,
            tuple(row.conditions().items()),
        )
        for row in version.targets.all()
    )
    said = (tuple(version.pausing), tuple(version.warnings), version.on_change, version.restarts)
    return Draft(promises, *said, version.moments(Metric.RESPONSE), version.moments(Metric.RESOLVE))


def version_in_force(policy: Policy, at: datetime) -> PolicyVersion | None:
    """The version of ``policy`` that counts at ``at``."""
    valid = policy.versions.filter(valid_from__lte=at).exclude(valid_until__lte=at)
    return valid.order_by("-number").first()


def targets_in_force(policy: Policy, at: datetime) -> list[Target]:
    """The targets of the version of ``policy`` that counts at ``at``, in their order."""
    names = ("priority", "fault", "nature", "business_system", "organisation", "calendar__current")
    version = version_in_force(policy, at)
    return list(version.targets.select_related(*names)) if version else []


class Promises:
    """The targets that count for one ticket at one moment, by agreement and metric."""

    def __init__(self, ticket: Ticket, targets: list[Target], faults: Faults) -> None:
        self.ticket, self._targets, self._faults = ticket, targets, faults

    @classmethod
    def now(cls, ticket: Ticket, at: datetime) -> Promises:
        """What counts at ``at``. One short query that says whether what this process remembers is still true."""
        return current_book().promises(ticket, at)

    @cached_property
    def _grade(self) -> str:
        return self.ticket.kind_info.grade_of(self.ticket)

    def find(self, agreement: str, metric: str) -> Target | None:
        """The most specific target that fits the ticket, or None when nothing is promised."""
        fitting = [
            row
            for row in self._targets
            if row.metric == metric and row.version.policy.kind == agreement and self._fits(row)
        ]
        return max(fitting, key=_conditions, default=None)

    def _fits(self, target: Target) -> bool:
        ticket = self.ticket
        graded = ticket.kind if ticket.kind_info.grade_column else ""
        return (
            target.kind == graded
            and target.grade in ("", self._grade)
            and target.priority_id in (None, ticket.priority_id)
            and target.nature_id in (None, ticket.nature_id)
            and target.business_system_id in (None, ticket.business_system_id)
            and target.organisation_id in (None, ticket.organisation_id)
            and (target.minutes is not None or ticket.priority_id is not None)
            and (target.fault_id is None or ticket.priority_id in self._faults.get(target.fault_id, ()))
        )


def begins_at(target: Target, moment: datetime) -> datetime:
    """When a clock under ``target`` begins whose moment came at ``moment``: no version counts before it is valid."""
    since: datetime | None = target.version.valid_from  # a draft has none
    return max(moment, since) if since else moment


def fault_priorities() -> Faults:
    """The priorities that each fault level means. One query."""
    found: Faults = {}
    for level, priority in FaultLevel.priorities.through.objects.values_list("faultlevel_id", "priority_id"):
        found.setdefault(level, set()).add(priority)
    return found


class PromiseBook:
    """Everything that is promised, and the notice rules, read once.

    ``instead``: targets of a draft, by the code of the policy whose place they take. ``calendars``: drafts of
    calendars that count in the place of those in force.
    """

    def __init__(
        self,
        instead: Mapping[str, list[Target]] | None = None,
        calendars: Mapping[str, CalendarVersion] | None = None,
    ) -> None:
        self._instead = instead or {}
        self._faults = fault_priorities()
        self._agreements: dict[tuple[str, int | None], list[Agreement]] = {}
        for row in Agreement.objects.select_related("phase").order_by("-valid_from", "-pk"):
            self._agreements.setdefault((row.kind, row.organisation_id or row.group_id), []).append(row)
        self._targets: dict[str, list[Target]] = {}
        for target in Target.objects.select_related("version__policy", "calendar__current"):
            if calendars and target.calendar_id in calendars:
                target.calendar.current = calendars[target.calendar_id]
            self._targets.setdefault(target.version.policy_id, []).append(target)
        defaults = dict(Policy.objects.filter(is_default=True).values_list("kind", "pk"))
        self._default, self._desk = defaults.get(AgreementKind.SLA), defaults.get(AgreementKind.OLA)
        self.rules = list(NoticeRule.objects.filter(active=True).select_related("priority"))
        self.escalations = list(EscalationRule.objects.filter(active=True).select_related("priority"))
        closing = ClosingRule.objects.filter(active=True).select_related("calendar__current")
        self.closing = {rule.priority_id: rule for rule in closing}

    def promises(self, ticket: Ticket, at: datetime, *, holder: int | None = None) -> Promises:
        """What counted for ``ticket`` at ``at``; ``holder``: the group or supplier that had it then. No query."""
        day = portal_day(at)
        chosen = [
            self._policy(AgreementKind.SLA, ticket.organisation_id, day, self._default),
            self._policy(AgreementKind.OLA, holder or ticket.group_id, day, self._desk),
            self._policy(AgreementKind.UC, holder or ticket.supplier_id, day),
        ]
        rows = [target for policy in chosen if policy for target in self._in_force(policy, at)]
        return Promises(ticket, [*_without_dispatch(rows), *self._dispatch(at)], self._faults)

    def _dispatch(self, at: datetime) -> list[Target]:
        """What the desk promises of tickets that no group has: the same whoever gets them afterwards (INC-22)."""
        return [row for row in self._in_force(self._desk, at) if row.metric == Metric.DISPATCH] if self._desk else []

    def _policy(self, kind: str, party: int | None, day: date, otherwise: str | None = None) -> str | None:
        """The policy of the party's agreement; none in a phase without commitment."""
        for row in self._agreements.get((kind, party), ()) if party else ():
            if row.valid_from <= day and (row.valid_until is None or day <= row.valid_until):
                return row.policy_id if row.phase is None or row.phase.sla_applies else None
        return otherwise

    def _in_force(self, policy: str, at: datetime) -> list[Target]:
        """Targets of the newest version in force."""
        if policy in self._instead:
            return self._instead[policy]
        rows = [row for row in self._targets.get(policy, ()) if _in_force(row, at)]
        newest = max((row.version.number for row in rows), default=0)
        return [row for row in rows if row.version.number == newest]


#: Changes whenever anything that a book holds does. The tables are small: reading them whole takes well under 1 ms.
_STAMP = """
SELECT (SELECT coalesce(max(id), 0) FROM sla_target),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM sla_agreement t),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM sla_policy t),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM tickets_priority t),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM sla_calendar t),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM sla_contractphase t),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM sla_noticerule t),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM sla_escalationrule t),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM sla_closingrule t),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM sla_faultlevel_priorities t)
"""
_remembered: dict[tuple[Any, ...], PromiseBook] = {}


_at_hand: ContextVar[list[PromiseBook] | None] = ContextVar("at_hand", default=None)


@contextmanager
def one_book(ticket: Ticket | None = None) -> Iterator[None]:
    """Inside, everything rests on the book that was current when it was first asked for.

    With ``ticket``: also what follows later on this copy of it, which one action has in hand.
    """
    token = _at_hand.set([] if ticket is None else vars(ticket).setdefault("_book", []))
    try:
        yield
    finally:
        _at_hand.reset(token)


def current_book() -> PromiseBook:
    """The book as of now. One short query; it is read anew only after somebody changed something."""
    held = _at_hand.get()
    if held:
        return held[0]
    with connection.cursor() as cursor:
        cursor.execute(_STAMP)
        stamp = cursor.fetchone()
    book = _remembered.get(stamp)
    if book is None:
        book = PromiseBook()
        _remembered.clear()
        _remembered[stamp] = book
    if held is not None:
        held.append(book)
    return book


def _in_force(target: Target, at: datetime) -> bool:
    version = target.version
    return version.valid_from <= at and (version.valid_until is None or at < version.valid_until)


def _without_dispatch(rows: list[Target]) -> list[Target]:
    return [row for row in rows if row.metric != Metric.DISPATCH]


def _conditions(target: Target) -> tuple[int, int]:
    return len(target.conditions()), -target.position
