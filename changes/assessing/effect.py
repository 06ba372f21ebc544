"""What the CMDB says of a change: services and customers behind its items. Computed in the worker, then kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from accounts.models import Organisation
from changes.assessing.models import Effect
from changes.collision.redundancy import estate
from changes.models import Change
from changes.states import PLANNED
from cmdb.models import BusinessSystem, ConfigurationItem
from cmdb.network.walking import DOWN
from cmdb.uses import customers_using
from tickets.models import AffectedItem, TimelineEntry
from tickets.signals import action_performed

#: Actions after which it is computed anew.
MOVING = frozenset(
    {
        *("register", "order", "edit", "prepare_value", "prepare_relation", "apply_edits"),
        *("add_items", "remove_items", "add_items_by_query", "remove_items_by_query"),
    }
)
BATCH = 20
STATES = {1: "degraded", DOWN: "down"}


@receiver(action_performed)
def mark_due(sender: Any, ticket: Any, entry: TimelineEntry, **context: Any) -> None:
    """Let the worker look again when items or system may have changed; imports have no effect any more."""
    if ticket.kind == "change" and entry.action in MOVING and entry.via != TimelineEntry.Via.IMPORT:
        Effect.objects.update_or_create(change_id=ticket.pk, defaults={"due": True})


def run_due(now: datetime) -> int:
    """Compute what is due; how many. Any number of drivers may call it."""
    waiting = Effect.objects.filter(due=True, change__state__in=PLANNED).order_by("pk")
    keys = list(waiting.values_list("change_id", flat=True)[:BATCH])
    return sum(effect_of(change, now).at == now for change in Change.objects.filter(pk__in=keys))


def effect_of(change: Change, now: datetime) -> Effect:
    """The effect of ``change``, computed first when it is due."""
    with transaction.atomic():
        row, _new = Effect.objects.select_for_update().get_or_create(change=change)
        if row.due or row.at is None:
            for name, value in _computed(change).items():
                setattr(row, name, value)
            row.due, row.at = False, now
            row.save()
    return row


def _computed(change: Change) -> dict[str, Any]:
    items = frozenset(AffectedItem.objects.filter(ticket=change.pk).values_list("item_id", flat=True))
    with estate() as found:
        severity = dict(found.failing(items))
        alone = bool(found.down_with_what_is_away(items)) if items else False
    touched = {**severity, **dict.fromkeys(items, DOWN)}
    return {
        "items": len(items),
        **_behind(change, touched),
        "down": sum(state == DOWN for state in severity.values()),
        "degraded": sum(state != DOWN for state in severity.values()),
        "alone": alone,
    }


def _behind(change: Change, touched: dict[int, int]) -> dict[str, Any]:
    """Business systems of everything touched, and the customers that own it or use one of them: the worst state of
    each. Those affected are told by the same uses.
    """
    systems: dict[str, int] = {change.business_system_id: 1} if change.business_system_id else {}
    owners: dict[int, int] = {}
    rows = ConfigurationItem.objects.filter(pk__in=list(touched))
    for key, system, owner in rows.values_list("pk", "business_system_id", "organisation_id"):
        if system:
            systems[system] = max(systems.get(system, 0), touched[key])
        if owner:
            owners[owner] = max(owners.get(owner, 0), touched[key])
    for key, codes in customers_using(systems).items():
        owners[key] = max(owners.get(key, 0), *(systems[code] for code in codes))
    named = BusinessSystem.objects.filter(pk__in=systems).order_by("pk")
    served = Organisation.objects.filter(pk__in=owners, kind=Organisation.Kind.CUSTOMER).order_by("code")
    return {
        "services": [_row(one, systems[one.pk]) for one in named],
        "customers": [_row(one, owners[one.pk]) for one in served],
    }


def _row(one: Any, state: int) -> dict[str, str]:
    return {"code": one.code, "zh": one.name_zh, "en": one.name_en, "state": STATES[state]}
