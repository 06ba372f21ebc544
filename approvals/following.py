"""Roles, leads, managers and decision makers change: open steps that mean them wait for whoever may decide now."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.db.models.signals import m2m_changed, post_save
from django.dispatch import receiver

from accounts.models import Department, Organisation, SupportGroup, User
from approvals.models import DeciderKind, Outcome, Slot, Step
from approvals.services import ask_and_tell
from tickets import clock

CHANGED = ("post_add", "post_remove", "post_clear")


def follow(meant: Q) -> None:
    """Ask anew in open steps with an undecided place that is ``meant``. One query where there is none."""
    slots = Slot.objects.filter(meant, step__outcome=Outcome.OPEN, decisions=None)
    now = clock.now()
    for step in Step.objects.filter(pk__in=slots.values("step")).select_related("round__ticket").order_by("pk"):
        ask_and_tell(step, step.round.ticket, now)


def kind(*kinds: DeciderKind) -> Q:
    """Places that mean somebody in one of these ways, or where nobody else may."""
    codes = [one.value for one in kinds]
    return Q(who__kind__in=codes) | Q(who__otherwise__in=codes)


@receiver(m2m_changed, sender=User.roles.through)
def follow_roles(sender: Any, action: str, **context: Any) -> None:
    """Somebody got or lost a role, and with it rights."""
    if action in CHANGED:
        follow(kind(DeciderKind.ROLE, DeciderKind.PERMISSION))


@receiver(post_save, sender=SupportGroup)
def follow_lead(sender: Any, instance: SupportGroup, created: bool, **context: Any) -> None:
    """A group may have another lead."""
    if not created:
        own = Q(who__group=instance.code) | Q(step__round__ticket__group=instance)
        follow(kind(DeciderKind.GROUP_LEAD) & own)


@receiver(post_save, sender=Department)
def follow_manager(sender: Any, instance: Department, created: bool, **context: Any) -> None:
    """A department may have another manager."""
    if not created:
        own = Q(step__round__ticket__requester__department=instance)
        follow(kind(DeciderKind.DEPARTMENT_MANAGER) & own)


@receiver(post_save, sender=Organisation)
def follow_interface_person(sender: Any, instance: Organisation, created: bool, **context: Any) -> None:
    """An organisation may have another interface person."""
    if not created:
        follow(kind(DeciderKind.INTERFACE_PERSON) & Q(step__round__ticket__organisation=instance))


@receiver(m2m_changed, sender=Organisation.decision_makers.through)
def follow_decision_makers(sender: Any, action: str, **context: Any) -> None:
    """Organisations have other decision makers."""
    if action in CHANGED:
        follow(kind(DeciderKind.DECISION_MAKERS))
