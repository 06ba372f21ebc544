"""All configuration items that fit a question: of a service, of a class, in a state, at a place (CHG-01)."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from cmdb.filters import PREFIX, ItemFilter, by_attributes
from cmdb.models import ConfigurationItem
from tickets.models import AffectedItem, Ticket

#: At most so many are put on a change at once.
MOST = 10_000
#: The attribute that says where an item stands.
PLACE = "location"
#: What can be asked: words of the lists of items, and the place.
WORDS = ("business_system", "ci_class", "status", "place", "q")


def found_by(user: User, asked: Mapping[str, str], *, retired: bool = False) -> QuerySet[ConfigurationItem]:
    """Items that ``user`` sees and that fit all of ``asked`` (``WORDS``); what is retired only if
    ``retired``, or by its state.

    A class includes those below it. Raises ValidationError for a place that nobody can be asked about.
    """
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in asked.items() if value and name != "place"})
    if not asked.get("status") and not retired:
        query["retired"] = "false"
    seen = ConfigurationItem.objects.visible_to(user)
    found: Any = ItemFilter(query, queryset=seen, request=SimpleNamespace(user=user)).qs
    place = asked.get("place", "")
    return by_attributes(found, {f"{PREFIX}{PLACE}": place}, user) if place else found


def new_to(ticket: Ticket, found: QuerySet[ConfigurationItem]) -> QuerySet[ConfigurationItem]:
    """Those of ``found`` that are not on ``ticket`` yet."""
    return found.exclude(pk__in=AffectedItem.objects.filter(ticket=ticket.pk).values("item"))


def stands_on(ticket: Ticket, found: QuerySet[ConfigurationItem]) -> QuerySet[ConfigurationItem]:
    """Those of ``found`` that are on ``ticket``."""
    return found.filter(pk__in=AffectedItem.objects.filter(ticket=ticket.pk).values("item"))
