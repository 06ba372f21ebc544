"""What an organisation uses: the systems, and whatever else, that its own records name (ORG-03).

Customers and suppliers are shown nothing else: what others use is none of their business. Apps above register what
their records tell (``register_evidence``); this one knows the configuration items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Organisation
from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User

#: Records of the organisation of a person that have a ``business_system``.
Evidence = Callable[["User"], "QuerySet"]
_EVIDENCE: list[Evidence] = []


def register_evidence(records: Evidence) -> None:
    """Let the ``business_system`` of ``records`` tell what somebody's organisation uses."""
    _EVIDENCE.append(records)


def sees_all(user: User) -> bool:
    """Whether it makes no difference to ``user`` who uses what: people of the provider."""
    return user.organisation.kind == Organisation.Kind.PROVIDER or user.may(Permission.CMDB_VIEW)


def is_outside(user: User) -> bool:
    """Whether ``user`` sees no more than what the own organisation uses."""
    return not sees_all(user)


def used_by(user: User) -> Q:
    """The condition on a business system that the organisation of ``user`` uses it.

    It is offered to everybody, was named for the organisation, or stands on one of its records.
    """
    found = Q(for_everybody=True) | Q(Exists(_named(user)))
    for records in _EVIDENCE:
        found |= Q(Exists(records(user).filter(business_system=OuterRef("pk"))))
    return found


def _named(user: User) -> QuerySet:
    return Organisation.objects.filter(pk=user.organisation_id, systems=OuterRef("pk"))


@dataclass(frozen=True)
class _Somebody:
    """Anybody of the customer that the outer query is about: what evidence is asked with when no person asks."""

    organisation_id: Any
    organisation: Organisation


def customers_using(systems: Iterable[str]) -> dict[int, set[str]]:
    """The active customers (keys) that use ``systems`` (codes), and which of them: as ``used_by`` tells each person.

    One query for each system, and one more.
    """
    from cmdb.models import BusinessSystem  # refers to this module in its manager

    found: dict[int, set[str]] = defaultdict(set)
    customers = Organisation.objects.filter(active=True, kind=Organisation.Kind.CUSTOMER)
    somebody: Any = _Somebody(OuterRef("pk"), Organisation(kind=Organisation.Kind.CUSTOMER))
    for code, for_everybody in BusinessSystem.objects.filter(pk__in=list(systems)).values_list("pk", "for_everybody"):
        using = Q(systems=code)
        for records in _EVIDENCE:
            using |= Q(Exists(records(somebody).filter(business_system=code)))
        found_for = customers if for_everybody else customers.filter(using).distinct()
        for key in found_for.values_list("pk", flat=True):
            found[key].add(code)
    return dict(found)


def own_items(user: User) -> QuerySet:
    """Items of the organisation of ``user``."""
    from cmdb.models import ConfigurationItem  # refers to the systems, whose manager asks here

    return ConfigurationItem.objects.filter(organisation=user.organisation_id)  # visible: the own organisation's


register_evidence(own_items)
