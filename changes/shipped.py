"""Loading the shipped approval policies of changes and the catalogue of standard changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.codes import LANGUAGES
from approvals.models import Policy
from approvals.policy.policies import publish as publish_policy
from changes.assessing.questionnaire import load_questionnaire
from changes.catalogue.models import STEP_TEXTS, TEXTS
from changes.catalogue.templates import publish as publish_template
from changes.freezing.versions import record
from changes.models import ChangeTemplate, FreezeRule, TemplateStep


@transaction.atomic
def load_changes(data: dict[str, Any], *, at: datetime) -> int:
    """Add what is missing; policies and templates that somebody edited belong to the administrators. How many."""
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
    """A policy with its steps. One that nobody has edited yet becomes what is shipped now."""
    names = {"name_zh": row["zh"], "name_en": row["en"], "kind": row["kind"], "purpose": row["purpose"]}
    policy, _is_new = Policy.objects.get_or_create(code=row["code"], defaults={**names, "grade": row["grade"]})
    newest = policy.versions.first()
    if newest is not None and newest.made_by_id is not None:
        return False
    policy.steps.all().delete()
    policy.deciders.all().delete()
    for position, step in enumerate(row["steps"], start=1):
        deciders = step.pop("deciders")
        substitute = step.pop("substitute", None)
        policy.steps.create(position=position, substitute_role_id=substitute, **step)
        for decider in deciders:
            role = decider.pop("role", None)
            policy.deciders.create(step=position, role_id=role, **decider)
    return publish_policy(policy=policy, by=None, now=at) is not None


def _load_template(row: dict[str, Any], at: datetime) -> bool:
    """A template with its steps. One that nobody has edited yet becomes what is shipped now."""
    named = {"name_zh": row["zh"], "name_en": row["en"], **_pairs(row, TEXTS)}
    said = {**named, "minutes": row["minutes"], "needs_subject": row["needs_subject"]}
    template, _is_new = ChangeTemplate.objects.get_or_create(code=row["code"], defaults=said)
    newest = template.versions.first()
    if newest is not None and newest.made_by_id is not None:
        return False
    for name, value in said.items():
        setattr(template, name, value)
    template.save()
    template.steps.all().delete()
    TemplateStep.objects.bulk_create(
        TemplateStep(template=template, position=number, **_step(step)) for number, step in enumerate(row["steps"], 1)
    )
    return publish_template(template=template, by=None, now=at) is not None


def _step(row: dict[str, Any]) -> dict[str, Any]:
    """Columns of a step as the file says it: each text as a pair."""
    return {"minutes": row["minutes"], **_pairs(row, STEP_TEXTS)}


def _pairs(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """Columns of both languages of each text."""
    return {f"{name}_{language}": row.get(name, {}).get(language, "") for name in names for language in LANGUAGES}
