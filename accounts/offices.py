"""What somebody is to departments and organisations, and what follows when they are switched off (INC-22, ORG-05).

Nobody inherits these offices by themselves: they are left empty, and who is still there is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.leaving import Held, log_change, names_of
from accounts.models import Department, Organisation, User
from accounts.signals import held_by, switched_off

MANAGER, INTERFACE = _("Manager of the department"), _("Interface person of the organisation")
DECISIONS = _("Decision maker of the organisation")
REPORTS = _("Report contact of the organisation")


@receiver(held_by)
def held_offices(sender: Any, user: User, now: datetime, **context: Any) -> list[Held]:
    """Departments and organisations that name somebody."""
    return [
        *(Held("manager", MANAGER, str(row)) for row in _managed(user)),
        *(Held("interface", INTERFACE, str(row)) for row in _met(user)),
        *(Held("decisions", DECISIONS, str(row)) for row in _decided(user)),
        *(Held("reports", REPORTS, str(row)) for row in _reported_to(user)),
    ]


@receiver(switched_off)
def leave_offices(sender: Any, user: User, by: User, now: datetime, **context: Any) -> list[Held]:
    """The administration's log keeps who it was; ``to`` of decision makers and report contacts: who else is one."""
    return [
        *(_leave(row, "manager", user, by, "manager", MANAGER) for row in list(_managed(user))),
        *(_leave(row, "interface_person", user, by, "interface", INTERFACE) for row in list(_met(user))),
        *(_leave_many(row, "decision_makers", user, by, "decisions", DECISIONS) for row in list(_decided(user))),
        *(_leave_many(row, "report_contacts", user, by, "reports", REPORTS) for row in list(_reported_to(user))),
    ]


def _managed(user: User) -> QuerySet[Department]:
    return Department.objects.filter(manager=user).order_by("pk")


def _met(user: User) -> QuerySet[Organisation]:
    return Organisation.objects.filter(interface_person=user).order_by("pk")


def _decided(user: User) -> QuerySet[Organisation]:
    return Organisation.objects.filter(decision_makers=user).order_by("pk")


def _reported_to(user: User) -> QuerySet[Organisation]:
    return Organisation.objects.filter(report_contacts=user).order_by("pk")


def _leave(row: Department | Organisation, field: str, user: User, by: User, kind: str, label: Any) -> Held:
    setattr(row, field, None)
    row.save(update_fields=[field])
    _log(row, field, user, (), by)
    return Held(kind, label, str(row))


def _leave_many(row: Organisation, field: str, user: User, by: User, kind: str, label: Any) -> Held:
    people = getattr(row, field)
    people.remove(user)
    others = list(people.filter(is_active=True).order_by("pk"))
    _log(row, field, user, others, by)
    return Held(kind, label, str(row), names_of(others))


def _log(row: Department | Organisation, field: str, user: User, others: Iterable[User], by: User) -> None:
    log_change(row, {field: [user.display_name, names_of(others)]}, by)
