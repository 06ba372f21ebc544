"""Loading the shipped approval policies of changes and the catalogue of standard changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from approvals.models import Policy
from approvals.policy.policies import publish as publish_policy
from changes.assessing.questionnaire import load_questionnaire
from changes.catalogue.templates import publish as publish_template
from changes.freezing.versions import record
from changes.models import ChangeTemplate, FreezeRule


@transaction.atomic
def load_changes(data: dict[str, Any], *, at: datetime) -> int:
    """Add policies and templates that are missing; those that exist belong to the administrators. How many."""
    policies = [_load_policy(row, at) for row in data["approval_policies"]]
    templates = [_load_template(row, at) for row in data["change_templates"]]
    freezes = [_load_freeze(row, at) for row in data["freeze_rules"]]
    asked = load_questionnaire(data["risk_questionnaire"], at=at)
    return asked + sum(policies) + sum(templates) + sum(freezes)


def _load_freeze(row: dict[str, Any], at: datetime) -> bool:
    """A rule around holidays; days and times of day are those of the model."""
    names = {"name_zh": row["zh"], "name_en": row["en"], "min_days": row["min_days"]}
    rule, is_new = FreezeRule.objects.get_or_create(code=row["code"], defaults=names)
    if is_new:
        record(rule, by=None, reason="", now=at)
    return is_new


def _load_policy(row: dict[str, Any], at: datetime) -> bool:
    names = {"name_zh": row["zh"], "name_en": row["en"], "kind": row["kind"], "purpose": row["purpose"]}
    policy, is_new = Policy.objects.get_or_create(code=row["code"], defaults={**names, "grade": row["grade"]})
    if not is_new:
        return False
    for position, step in enumerate(row["steps"], start=1):
        deciders = step.pop("deciders")
        substitute = step.pop("substitute", None)
        policy.steps.create(position=position, substitute_role_id=substitute, **step)
        for decider in deciders:
            role = decider.pop("role", None)
            policy.deciders.create(step=position, role_id=role, **decider)
    publish_policy(policy=policy, by=None, now=at)
    return True


def _load_template(row: dict[str, Any], at: datetime) -> bool:
    texts = {name: row[name] for name in ("summary", "content", "plan", "back_out", "effect", "minutes")}
    named = {"name_zh": row["zh"], "name_en": row["en"], **texts}
    template, is_new = ChangeTemplate.objects.get_or_create(code=row["code"], defaults=named)
    if is_new:
        publish_template(template=template, by=None, now=at)
    return is_new
