"""The doors to the configuration database that other apps use: everything that writes, and reading at any moment.

write_items, write_relations, end_relations   items and relations under one Stamp (who, why, on what ground)
items_at, relations_at                        what was so at a Moment
cmdb.impact                                   what fails with what, at any moment
cmdb.authority.register_permit                how ``changes`` says what an approved change allows
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from cmdb.authority import Authority, NotAllowed, NotYet, Stamp, register_permit, withdraw_permit
from cmdb.models import ConfigurationItem, ItemVersion, Relation, RelationVersion
from cmdb.relating import Link, RelationRefused, end_relations, write_relations
from cmdb.relation_rules import Rules
from cmdb.versioning.moments import NOW, Moment
from cmdb.writing import Clash, Draft, Stale, Written, write_items

__all__ = [
    "NOW",
    "Authority",
    "Clash",
    "Draft",
    "Link",
    "Moment",
    "NotAllowed",
    "NotYet",
    "RelationRefused",
    "Rules",
    "Stale",
    "Stamp",
    "Written",
    "create_item",
    "end_relations",
    "items_at",
    "register_permit",
    "relation_versions_at",
    "relations_at",
    "update_item",
    "withdraw_permit",
    "write_items",
    "write_relations",
]


def create_item(*, identifier: str, facts: Mapping[str, Any], stamp: Stamp) -> ConfigurationItem:
    """Record a new item with ``facts`` (checked already); its first version with it. Raises Clash, NotAllowed."""
    return write_items([Draft(identifier, dict(facts))], stamp).made[0]


def update_item(
    *, item: ConfigurationItem, facts: Mapping[str, Any], stamp: Stamp, seen: int | None = None
) -> Written:
    """Change ``facts`` of an item; what does not differ writes nothing. Raises NotAllowed, Clash, Stale."""
    return write_items([Draft(item.identifier, dict(facts), item, seen)], stamp)


def items_at(moment: Moment, user: User) -> QuerySet[Any]:
    """Items that ``user`` sees, as of the moment: rows of today, or versions with the same columns."""
    if moment.is_now:
        return ConfigurationItem.objects.visible_to(user)
    return ItemVersion.objects.at(moment.so_at, moment.known_at).visible_to(user)


def relations_at(moment: Moment) -> QuerySet[Any]:
    """Relations that hold at the moment: of today, or versions with the same columns. The caller shows only items
    that the reader sees.
    """
    return Relation.objects.filter(active=True) if moment.is_now else relation_versions_at(moment)


def relation_versions_at(moment: Moment) -> QuerySet[RelationVersion]:
    """Versions of what holds at the moment: since when, and who said it. What the caller shows is as above."""
    if moment.is_now:
        return RelationVersion.objects.believed().filter(relation__active=True, valid__upper_inf=True)
    return RelationVersion.objects.at(moment.so_at, moment.known_at)
