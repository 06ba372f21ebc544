"""Whether something was written to the items of a change under its number: then it owes the notice (CHG-08)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from cmdb.authority import Authority
from cmdb.models import ItemVersion, RelationVersion


def owes_notice(change: Any) -> bool:
    """Whether its managers are to be told: it altered items, or something was written after the last word about it.

    The return of an order to update its items is such a word, and is owed while the order is open.
    """
    if change.noticed_at is None:
        return change.notice_since is not None or wrote_to_items(change)
    ordered = change.ordered_at is not None and change.returned_at is None
    told = max(at for at in (change.noticed_at, change.returned_at) if at)
    return not ordered and wrote_to_items(change, since=told)


def wrote_to_items(change: Any, since: datetime | None = None) -> bool:
    """Whether its items, or their relations, were written with it as ground, after ``since``. At most two queries.

    Looked up by its items, which the guard of the configuration database asks for: whatever it writes, it names.
    """
    items = change.affected_items.values("item")
    under = Q(reference=change.number, authority=Authority.CHANGE, carried=False)
    if since is not None:
        under &= Q(recorded__startswith__gt=since)
    if ItemVersion.objects.filter(under, item__in=items).exists():
        return True
    return RelationVersion.objects.filter(Q(source__in=items) | Q(target__in=items), under).exists()
