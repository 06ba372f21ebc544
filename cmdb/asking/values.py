"""Finding items by the whole value of any of their attributes: a serial number, an address (TKT-09, CMDB-05)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from cmdb.definitions import Definitions
from cmdb.disclosing.facts import Disclosure
from cmdb.models import Attribute, Kind
from cmdb.values import is_empty, normalised

#: What people read off a thing and type; choices, dates and people are asked for by their filters.
TYPED = frozenset({Kind.TEXT, Kind.ADDRESS, Kind.URL})
LONGEST = 100


def asked_attributes(user: User) -> list[Attribute]:
    """The attributes by whose values ``user`` may find items."""
    told = Disclosure(user)
    return [row for row in Definitions().attributes if row.active and row.kind in TYPED and told.asks(row.code)]


def with_value(found: QuerySet[Any], text: str, attributes: Iterable[Attribute]) -> QuerySet[Any]:
    """Those of ``found`` of which one of ``attributes`` is ``text``: as typed, in small letters or in capitals.

    Parts of a value are asked for by the filter of the attribute: only whole values are found by the index.
    """
    wanted = text.strip()[:LONGEST]
    condition = Q(pk__in=[])
    for code in {row.code for row in attributes} if wanted else ():
        for value in {wanted, wanted.upper(), wanted.lower()}:
            condition |= Q(attributes__contains={code: value})
    return found.filter(condition)


def told_value(item: Any, text: str, attributes: list[Attribute]) -> str:
    """Which attribute of the item is ``text``, as people read it; nothing when none is."""
    wanted = normalised(text)
    for row in attributes:
        value = item.attributes.get(row.code)
        if not is_empty(value) and normalised(value) == wanted:
            return f"{row.name} {value}"
    return ""
