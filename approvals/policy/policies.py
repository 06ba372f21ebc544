"""Choosing the policy of a question, and publishing what administrators edited as a new version."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.codes import in_both, in_language
from accounts.models import User
from accounts.permissions import Permission
from approvals.content import line_of
from approvals.models import DeciderKind, Policy, PolicyDecider, PolicyVersion
from approvals.policy.sound import faults_of
from approvals.questions import Question
from tickets.forms import named_row


def policy_for(kind: str, purpose: str, grade: str, risk: str) -> PolicyVersion | None:
    """The newest version of the policy that fits best: one that names the grade before one that names the risk."""
    found = Policy.objects.filter(kind=kind, purpose=purpose, grade__in={grade, ""}, risk__in={risk, ""}, active=True)
    best = sorted(found, key=lambda one: (one.grade == "", one.risk == ""))
    return best[0].versions.first() if best else None


def copy_for(question: Question, ticket: Any) -> dict[str, Any] | None:
    """What a round about ``ticket`` keeps of who decides: the policy that fits best, else what is usual there."""
    version = policy_for(ticket.kind, question.purpose, question.grade(ticket), question.risk(ticket))
    if version is not None:
        return as_copy(version)
    steps = question.usual(ticket)
    label = line_of("policy", question.label, "")
    return {"code": "", "version": 0, "zh": label["zh"], "en": label["en"], "steps": steps} if steps else None


def step_of(position: int, *deciders: dict[str, Any], rule: str = "any", due: int = 24, remind: int = 12) -> Any:
    """A step as a kind declares it for ``Question.usual``; ``due``, ``remind``: hours after it was asked."""
    return {
        "position": position,
        "rule": rule,
        "needed": 1,
        "due_hours": due,
        "remind_hours": remind,
        "substitute": "",
        "deciders": list(deciders),
    }


def whoever_may(permission: str) -> dict[str, Any]:
    """A place for whoever has a right."""
    return {"kind": DeciderKind.PERMISSION.value, "permission": permission, **_right(permission)}


def meant(kind: str) -> dict[str, Any]:
    """A place that names nobody: the lead of the ticket's group, the manager of the requester's department."""
    names = line_of("who", DeciderKind(kind).label, "")
    return {"kind": DeciderKind(kind).value, "group": "", "zh": names["zh"], "en": names["en"]}


def _right(permission: str) -> dict[str, str]:
    names = line_of("who", Permission(permission).label, "")
    return {"zh": names["zh"], "en": names["en"]}


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
    """Store the policy's steps as its next version; None when they are what the newest version says. Idempotent.

    Raises ValidationError when the policy is in use and could never be decided.
    """
    Policy.objects.select_for_update().get(pk=policy.pk)
    faults = faults_of(policy) if policy.active else []
    if faults:
        raise ValidationError([fault.text for fault in faults])
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
            **({"permission": one.permission} if one.permission else {}),
            "each": one.each,
            **({"otherwise": one.otherwise} if one.otherwise else {}),
            **_names(one),
        }
        for one in deciders
    ]


def _names(one: PolicyDecider) -> dict[str, str]:
    """What the place is called, in both languages, with who decides where nobody else may."""
    names = _own_names(one)
    if not one.otherwise:
        return names
    label = DeciderKind(one.otherwise).label
    said = _("%(who)s; where nobody may: %(instead)s")
    return in_both(lambda: str(said) % {"who": in_language(names["zh"], names["en"]), "instead": label})


def _own_names(one: PolicyDecider) -> dict[str, str]:
    """The person or role itself, else what it means."""
    if one.kind in (DeciderKind.PERSON, DeciderKind.ROLE):
        row = named_row(one.person or one.role)  # type: ignore[arg-type]  # clean() asks for it
        return {"zh": row["zh"], "en": row["en"]}
    if one.kind == DeciderKind.PERMISSION:
        return _right(one.permission)
    meaning = line_of("who", DeciderKind(one.kind).label, "")
    group = named_row(one.group) if one.group else {"zh": "", "en": ""}
    return {key: f"{meaning[key]} {group[key]}".strip() for key in ("zh", "en")}
