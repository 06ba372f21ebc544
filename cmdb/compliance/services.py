"""How many items keep to each rule, at any moment; the share of each day, kept by the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Organisation, User
from accounts.permissions import Permission
from cmdb.asking.narrowing import breaking, concerned_by
from cmdb.defining.keeping import keep_definition
from cmdb.models import ComplianceRule, ComplianceShare
from cmdb.services import items_at
from cmdb.versioning.moments import NOW, Moment


@dataclass(frozen=True)
class Kept:
    """A rule, how many items it concerns, how many break it; ``error``: why its query cannot be asked any more."""

    rule: ComplianceRule
    of: int = 0
    broken: int = 0
    error: str = ""


def rules() -> QuerySet[ComplianceRule]:
    """The rules in force."""
    return ComplianceRule.objects.filter(active=True).select_related("ci_class")


def kept(rule: ComplianceRule, user: User, moment: Moment = NOW) -> Kept:
    """How far the record keeps to the rule, of what ``user`` sees. Two queries, more where it asks for relations."""
    seen = items_at(moment, user)
    try:
        broken = breaking(seen, rule, user, moment).count()
    except ValidationError as error:  # an attribute or a type of relations that is no more
        return Kept(rule, error=" ".join(error.messages))
    return Kept(rule, concerned_by(seen, rule, moment).count(), broken)


@transaction.atomic
def keep_rule(*, rule: ComplianceRule, said: Mapping[str, Any], by: User) -> ComplianceRule:
    """State a rule, or change it; what it demanded before stays readable."""
    for name, value in said.items():
        setattr(rule, name, value)
    rule.save()
    keep_definition(rule, by)
    return rule


def keep_shares(now: datetime, today: date) -> int:
    """Keep how far each rule is kept to today; the last of a day stays. Return how many were kept."""
    count = 0
    for rule in rules():
        found = kept(rule, everybody())
        if not found.error:
            said = {"of": found.of, "broken": found.broken, "at": now}
            ComplianceShare.objects.update_or_create(rule=rule, on=today, defaults=said)
            count += 1
    return count


def everybody() -> User:
    """Somebody who sees every item and is nobody: as whom the worker counts."""
    found = User(organisation=Organisation(kind=Organisation.Kind.PROVIDER))
    found.permissions = frozenset({Permission.CMDB_VIEW.value})
    return found
