"""Promises that a later version of the portal ships, brought to policies that were shipped before (SLM-03).

No list of what was shipped is kept beside the policies: their versions never change, so a row that none of them ever
had is new to this installation, and one that some version had and a later one has not was taken out by people.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from sla.models import Policy, PolicyVersion
from sla.promises.policies import Draft, Promise, draft_of, publish_policy

logger = logging.getLogger(__name__)

#: What makes a row the same promise, whatever its time and calendar: its metric and its conditions.
Key = tuple[str, frozenset[tuple[str, object]]]


@transaction.atomic
def add_new_promises(policy: Policy, shipped: Sequence[Promise], *, at: datetime) -> int:
    """Publish ``policy`` anew from ``at`` on with the rows of ``shipped`` that it never had; return how many.

    Everything else stays as the version says that counts, and so do clocks that run. A version that people published
    for a later moment is published again, too, for that moment: else this one, being newer, would take its place.
    """
    Policy.objects.select_for_update(no_key=True).get(pk=policy.pk)
    had = {_key(row) for version in policy.versions.prefetch_related("targets") for row in draft_of(version).promises}
    new = [row for row in shipped if _key(row) not in had]
    drafts = [(version, draft_of(version)) for version in _still_to_count(policy, at)] if new else []
    added = [[row for row in new if not _is_decided(row, draft, shipped)] for _version, draft in drafts]
    if not any(added):
        return 0
    for (version, draft), rows in zip(drafts, added, strict=True):
        _publish(policy, version, replace(draft, promises=(*draft.promises, *rows)), at)
    keys = {_key(row) for rows in added for row in rows}
    names = ", ".join(_name(row) for row in new if _key(row) in keys)
    logger.info("shipped promises added to policy %s from %s on: %s", policy.pk, at.isoformat(), names)
    return len(keys)


def _publish(policy: Policy, version: PolicyVersion, draft: Draft, at: datetime) -> None:
    since = max(version.valid_from, at)
    publish_policy(policy, draft, valid_from=since, valid_until=version.valid_until, by=None, at=at)


def _still_to_count(policy: Policy, at: datetime) -> list[PolicyVersion]:
    """The versions that count at ``at`` or will count later, in order: none that newer ones cover altogether."""
    found: list[PolicyVersion] = []
    for version in policy.versions.filter(Q(valid_until=None) | Q(valid_until__gt=at)).order_by("-number"):
        if not any(_covers(newer, version, at) for newer in found):
            found.insert(0, version)
    return found


def _covers(newer: PolicyVersion, version: PolicyVersion, at: datetime) -> bool:
    ends, end = newer.valid_until, version.valid_until
    return newer.valid_from <= max(version.valid_from, at) and (ends is None or (end is not None and end <= ends))


def _is_decided(row: Promise, draft: Draft, shipped: Sequence[Promise]) -> bool:
    """Whether people promised something of their own for more than ``row`` is about: it would take that away."""
    own = [_key(each) for each in draft.promises if _content(each) not in map(_content, shipped)]
    metric, conditions = _key(row)
    return any(
        name == metric and wider <= conditions and dict(wider).get("kind") == dict(conditions).get("kind")
        for name, wider in own
    )


def _key(row: Promise) -> Key:
    return row.metric, frozenset(row.conditions)


def _content(row: Promise) -> tuple[Key, str, int | None]:
    return _key(row), row.calendar, row.minutes


def _name(row: Promise) -> str:
    return " ".join((row.metric, *(str(value) for _column, value in row.conditions)))
