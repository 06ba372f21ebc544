"""What an address may fill into the form of a new ticket; apps above add to it (``replies``: templates)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import QueryDict

from accounts.models import User
from cmdb.models import ConfigurationItem
from tickets.lifecycle import Kind

#: Fields that an address fills in by their own names.
FIELDS = ("requester", "source", "nature", "business_system", "summary")


def by_phone(user: User, kind: Kind, number: str) -> dict[str, Any]:
    """Who calls from ``number``, as a telephone system opens the page: the only match is the caller (INC-02)."""
    found = User.objects.visible_to(user).active().with_phone(number[:40]).values_list("username", flat=True)[:2]
    known = {"requester": found[0]} if len(found) == 1 else {}
    return {"contact_phone": number[:40], "source": "phone", **known}


def by_item(user: User, kind: Kind, identifier: str) -> dict[str, Any]:
    """What it is about: a configuration item, named by its page, and the business system that it belongs to."""
    item = ConfigurationItem.objects.visible_to(user).filter(identifier=identifier[:100]).first()
    if item is None:
        return {}
    return {"items": [item.identifier], "business_system": item.business_system_id}


#: What a parameter stands for: ``(user, kind, value) -> {field: value}``.
Source = Callable[[User, Kind, str], dict[str, Any]]
#: Parameters that stand for several fields, by the code of the kind that reads them so (empty: every kind) and name.
_sources: dict[tuple[str, str], Source] = {("", "phone"): by_phone, ("", "item"): by_item}


def register_source(name: str, source: Source, kind: str = "") -> None:
    """Let ``name`` fill in forms of ``kind``, or of all. Raises ValueError when it stands for something else."""
    if _sources.setdefault((kind, name), source) is not source:
        raise ValueError(f"{name} of {kind or 'every kind'} stands for something else already.")


def prefilled(user: User, kind: Kind, query: QueryDict) -> dict[str, Any]:
    """Initial values of the form of ``kind``; what is named by itself counts more than what a source brings."""
    found: dict[str, Any] = {}
    for (code, name), source in _sources.items():
        if name in query and code in ("", kind.code):
            found |= source(user, kind, str(query[name]))
    return found | {name: query[name] for name in FIELDS if name in query}
