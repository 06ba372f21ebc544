"""The life of an item, declared once: which step leads where, who may take it, what it asks (CMDB-03)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.authority import IN_USE, Stamp, may_edit
from cmdb.models import ConfigurationItem, ItemVersion

PLANNED, IN_STOCK, IN_SERVICE, MAINTENANCE, RETIRED = "planned", "in_stock", "in_use", "in_maintenance", "retired"
#: The order in which people think of it.
ORDER = (PLANNED, IN_STOCK, IN_SERVICE, MAINTENANCE, RETIRED)


@dataclass(frozen=True)
class Step:
    """One step. ``help`` says what it means; leaving use needs a change or a correction, as any controlled value."""

    name: str
    label: Any
    help: Any
    source: tuple[str, ...]
    target: str
    icon: str
    intent: str = ""

    def allowed(self, status: str, user: User) -> bool:
        """Whether the step is offered to ``user`` for an item in ``status``; the guard asks for its ground."""
        return status in self.source and may_edit(user)


STEPS = {
    step.name: step
    for step in (
        Step(
            name="store",
            label=_("Put in stock"),
            help=_("It is there and serves nobody."),
            source=(PLANNED, IN_SERVICE, MAINTENANCE),
            target=IN_STOCK,
            icon="package",
        ),
        Step(
            name="commission",
            label=_("Put into use"),
            help=_("From now on it carries services: what is controlled changes only by a change."),
            source=(PLANNED, IN_STOCK),
            target=IN_SERVICE,
            icon="player-play",
            intent="primary",
        ),
        Step(
            name="maintain",
            label=_("Take into maintenance"),
            help=_("It serves nobody until it is back; impact counts it as down."),
            source=(IN_SERVICE,),
            target=MAINTENANCE,
            icon="tool",
        ),
        Step(
            name="return",
            label=_("Back into use"),
            help=_("Maintenance is over."),
            source=(MAINTENANCE,),
            target=IN_SERVICE,
            icon="player-play",
            intent="primary",
        ),
        Step(
            name="retire",
            label=_("Retire"),
            help=_("It is no more. Its relations end now; its history, its number and its tickets stay."),
            source=(PLANNED, IN_STOCK, IN_SERVICE, MAINTENANCE),
            target=RETIRED,
            icon="archive",
            intent="danger",
        ),
    )
}


def leads_to(before: str, after: str) -> bool:
    """Whether a step leads from one state to another, or nothing changes."""
    return before == after or any(before in step.source and step.target == after for step in STEPS.values())


def step_refusal(item: ConfigurationItem, after: str | None) -> str:
    """Why no step leads from the state of ``item`` to ``after``; empty when one does, or when nothing is said."""
    if after is None or leads_to(item.status_id, after):
        return ""
    names = {"item": item.identifier, "state": item.status}
    return gettext("%(item)s: this step is not possible from “%(state)s”.") % names


def steps_for(status: str, user: User) -> list[Step]:
    """What ``user`` may do with an item in ``status``."""
    return [step for step in STEPS.values() if step.allowed(status, user)]


def used_during(items: Iterable[ConfigurationItem], stamp: Stamp) -> set[int]:
    """Keys of those of ``items`` that are in use, or were at any time that an edit of the past is about."""
    statuses = {item.pk: item.status_id for item in items}
    if stamp.since is None or not statuses:
        return {key for key, status in statuses.items() if status in IN_USE}
    then = ItemVersion.objects.during(stamp.since, stamp.until).filter(item__in=statuses, status__in=IN_USE)
    return set(then.values_list("item_id", flat=True))
