"""Which promises count for a ticket, and publishing new versions of policies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from sla.models import Agreement, AgreementKind, FaultLevel, Policy, PolicyVersion, Target
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


@dataclass(frozen=True)
class Draft:
    """What a version of a policy says."""

    promises: tuple[Promise, ...]
    pausing: tuple[str, ...] = ()
    warnings: tuple[int, ...] = (50, 80)
    on_change: str = PolicyVersion.OnChange.FROM_START

    def digest(self) -> str:
        """A hash of everything that it says."""
        rows = [[row.metric, row.calendar, row.minutes, row.conditions] for row in self.promises]
        said = [rows, self.pausing, self.warnings, str(self.on_change)]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


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
) -> PolicyVersion:
    """Make ``draft`` the newest version of ``policy``, for clocks that start from ``valid_from`` on.

    Clocks that run keep their version. Raises ValueError for a draft without targets.
    """
    if not draft.promises:
        raise ValueError("a policy without targets promises nothing")
    Policy.objects.select_for_update(no_key=True).get(pk=policy.pk)
    newest = policy.versions.order_by("-number").first()
    version = PolicyVersion.objects.create(
        policy=policy,
        number=(newest.number if newest else 0) + 1,
        valid_from=valid_from,
        valid_until=valid_until,
        pausing=list(draft.pausing),
        warnings=sorted(set(draft.warnings)),
        on_change=draft.on_change,
        content_hash=draft.digest(),
        note=note,
        published_at=at,
        published_by=by,
    )
    Target.objects.bulk_create(
        Target(
            version=version,
            position=position,
            metric=row.metric,
            calendar_id=row.calendar,
            minutes=row.minutes,
            **dict(row.conditions),
        )
        for position, row in enumerate(draft.promises)
    )
    return version


def draft_of(version: PolicyVersion) -> Draft:
    """What ``version`` says, to start an edit from."""
    promises = tuple(
        Promise(
            row.metric,
            row.calendar_id,
            row.minutes,
            tuple((name, getattr(row, name)) for name in Target.CONDITIONS if getattr(row, name) is not None),
        )
        for row in version.targets.all()
    )
    return Draft(promises, tuple(version.pausing), tuple(version.warnings), version.on_change)


class Promises:
    """The targets that count for one ticket at one moment, by agreement and metric."""

    def __init__(self, ticket: Ticket, targets: list[Target], faults: Callable[[], Faults]) -> None:
        self.ticket, self._targets, self._faults = ticket, targets, faults

    @classmethod
    def now(cls, ticket: Ticket, at: datetime) -> Promises:
        """What counts at ``at``. Two queries: the agreements of its parties, and all targets in force."""
        chosen = _chosen(list(_agreements(ticket, at)))
        return cls(ticket, _targets(chosen, at) if chosen else [], cache(fault_priorities))

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
        return (
            target.priority_id in (None, ticket.priority_id)
            and target.nature_id in (None, ticket.nature_id)
            and target.business_system_id in (None, ticket.business_system_id)
            and target.organisation_id in (None, ticket.organisation_id)
            and (target.fault_id is None or ticket.priority_id in self._faults().get(target.fault_id, ()))
        )


def fault_priorities() -> Faults:
    """The priorities that each fault level means. One query."""
    found: Faults = {}
    for level, priority in FaultLevel.priorities.through.objects.values_list("faultlevel_id", "priority_id"):
        found.setdefault(level, set()).add(priority)
    return found


class PromiseBook:
    """Everything that is promised to customers, read once: for replaying many tickets.

    ``instead``: targets of a draft that take the place of a policy's, by the policy's code.
    """

    def __init__(self, instead: Mapping[str, list[Target]] | None = None) -> None:
        self._instead = instead or {}
        self._faults = fault_priorities()
        self._agreements: dict[int, list[Agreement]] = {}
        for row in (
            Agreement.objects.filter(kind=AgreementKind.SLA).select_related("phase").order_by("-valid_from", "-pk")
        ):
            self._agreements.setdefault(row.organisation_id or 0, []).append(row)
        self._rows = list(_all_targets().filter(version__policy__kind=AgreementKind.SLA))
        self._default = Policy.objects.filter(is_default=True).values_list("pk", flat=True).first()

    def promises(self, ticket: Ticket, at: datetime) -> Promises:
        """What counted for ``ticket`` at ``at``. No query."""
        policy = self._policy_of(ticket, at)
        rows = self._instead.get(policy or "")
        if rows is None:
            rows = _newest([row for row in self._rows if row.version.policy_id == policy and _in_force(row, at)])
        return Promises(ticket, rows, lambda: self._faults)

    def _policy_of(self, ticket: Ticket, at: datetime) -> str | None:
        day = local_day(at)
        for row in self._agreements.get(ticket.organisation_id, ()):
            if row.valid_from <= day and (row.valid_until is None or day <= row.valid_until):
                return row.policy_id if row.phase is None or row.phase.sla_applies else None
        return self._default


def _in_force(target: Target, at: datetime) -> bool:
    version = target.version
    return version.valid_from <= at and (version.valid_until is None or at < version.valid_until)


def _chosen(agreements: list[Agreement]) -> list[Q]:
    """The policy of each kind of agreement: the customer's own or the default one, none in some phases."""
    chosen = []
    for kind in AgreementKind.values:
        own = next((row for row in agreements if row.kind == kind), None)
        if own is None and kind == AgreementKind.SLA:
            chosen.append(Q(version__policy__is_default=True))
        elif own and (own.phase is None or own.phase.sla_applies):
            chosen.append(Q(version__policy=own.policy_id))
    return chosen


def _conditions(target: Target) -> tuple[int, int]:
    return sum(getattr(target, name) is not None for name in Target.CONDITIONS), -target.position


def _agreements(ticket: Ticket, at: datetime) -> QuerySet[Agreement, Agreement]:
    """Agreements of the ticket's customer, group and supplier on the day of ``at``, the newest first."""
    party = Q(kind=AgreementKind.SLA, organisation=ticket.organisation_id)
    if ticket.group_id:
        party |= Q(kind=AgreementKind.OLA, group=ticket.group_id)
    if ticket.supplier_id:
        party |= Q(kind=AgreementKind.UC, organisation=ticket.supplier_id)
    day = local_day(at)
    valid = Q(valid_from__lte=day) & (Q(valid_until=None) | Q(valid_until__gte=day))
    return Agreement.objects.filter(party, valid).select_related("phase").order_by("-valid_from", "-pk")


def _all_targets() -> QuerySet[Target, Target]:
    return Target.objects.select_related("version__policy", "calendar__current")


def _targets(policies: Iterable[Q], at: datetime) -> list[Target]:
    """Targets of the newest version in force at ``at`` of each policy. One query."""
    wanted = Q(pk=None)
    for policy in policies:
        wanted |= policy
    valid = Q(version__valid_from__lte=at) & (Q(version__valid_until=None) | Q(version__valid_until__gt=at))
    return _newest(list(_all_targets().filter(wanted, valid)))


def _newest(rows: list[Target]) -> list[Target]:
    """Of each policy the targets of its newest version alone."""
    newest: dict[str, int] = {}
    for row in rows:
        newest[row.version.policy_id] = max(newest.get(row.version.policy_id, 0), row.version.number)
    return [row for row in rows if row.version.number == newest[row.version.policy_id]]


def local_day(at: datetime) -> date:
    """The date of ``at`` where the portal is."""
    return timezone.localtime(at, timezone.get_default_timezone()).date()
