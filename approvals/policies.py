"""Choosing the policy of a question, and publishing what administrators edited as a new version."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from approvals.content import line_of
from approvals.models import DeciderKind, Policy, PolicyDecider, PolicyVersion
from tickets.forms import named_row


def policy_for(kind: str, purpose: str, grade: str, risk: str) -> PolicyVersion | None:
    """The newest version of the policy that fits best: one that names the grade before one that names the risk."""
    found = Policy.objects.filter(kind=kind, purpose=purpose, grade__in={grade, ""}, risk__in={risk, ""}, active=True)
    best = sorted(found, key=lambda one: (one.grade == "", one.risk == ""))
    return best[0].versions.first() if best else None


def as_copy(version: PolicyVersion) -> dict[str, Any]:
    """What a round keeps of its policy: names and steps, independent of every later edit."""
    policy = version.policy
    return {
        "code": policy.code,
        "version": version.number,
        "zh": policy.name_zh,
        "en": policy.name_en,
        "steps": version.steps,
    }


@transaction.atomic
def publish(*, policy: Policy, by: User | None, now: datetime) -> PolicyVersion | None:
    """Store the policy's steps as its next version; None when they are what the newest version says. Idempotent."""
    Policy.objects.select_for_update().get(pk=policy.pk)
    steps, newest = as_steps(policy), policy.versions.first()
    if newest is not None and newest.steps == steps:
        return None
    number = (policy.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    return PolicyVersion.objects.create(policy=policy, number=number, steps=steps, made_by=by, made_at=now)


def as_steps(policy: Policy) -> list[dict[str, Any]]:
    """The edited steps as data: {position, rule, needed, due_hours, remind_hours, substitute, deciders}."""
    deciders = list(policy.deciders.select_related("person", "role", "group"))
    return [
        {
            "position": step.position,
            "rule": step.rule,
            "needed": step.needed,
            "due_hours": step.due_hours,
            "remind_hours": step.remind_hours,
            "substitute": step.substitute_role_id or "",
            "deciders": _places(one for one in deciders if one.step == step.position),
        }
        for step in policy.steps.order_by("position")
    ]


def _places(deciders: Iterable[PolicyDecider]) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind,
            "person": one.person.username if one.person else "",
            "role": one.role_id or "",
            "group": one.group.code if one.group else "",
            "each": one.each,
            **_names(one),
        }
        for one in deciders
    ]


def _names(one: PolicyDecider) -> dict[str, str]:
    """What the place is called, in both languages: the person or role itself, else what it means."""
    if one.kind in (DeciderKind.PERSON, DeciderKind.ROLE):
        row = named_row(one.person or one.role)  # type: ignore[arg-type]  # clean() asks for it
        return {"zh": row["zh"], "en": row["en"]}
    meaning = line_of("who", DeciderKind(one.kind).label, "")
    group = named_row(one.group) if one.group else {"zh": "", "en": ""}
    return {key: f"{meaning[key]} {group[key]}".strip() for key in ("zh", "en")}
