"""What every page's shell shows: navigation with counts, where to register and search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import User
from itsm.navigation import Section, entries_for
from tickets.lifecycle import kinds
from tickets.models import Ticket
from tickets.queues.queries import counts_of, shown_count


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Something that waits for a person beside tickets: an entry of the navigation with a count.

    ``found``: the rows that wait for somebody, as a queryset; ``of_all``: how many wait for each person, by key.
    """

    code: str
    label: Any
    url_name: str
    icon: str
    found: Callable[[User], Any]
    of_all: Callable[[], dict[int, int]]


_waiting: dict[str, Waiting] = {}


def register_waiting(entry: Waiting) -> None:
    """Let the shell show ``entry``; apps above say so when they start."""
    _waiting[entry.code] = entry


def waiting_entries() -> list[Waiting]:
    """Every registered one, in the order of registration."""
    return list(_waiting.values())


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template context processor. Costs one query, and only where the shell is drawn."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"theme": "auto"}
    return {
        "theme": user.theme,
        "navigation": SimpleLazyObject(lambda: navigation(user, request.path)),
        "register": SimpleLazyObject(lambda: register_offer(user, request.path)),
        "register_url": SimpleLazyObject(lambda: register_offer(user, request.path).get("url", "")),
        "search_url": reverse("tickets:search"),
    }


def register_offer(user: User, path: str) -> dict[str, Any]:
    """The register button: ``{url, label, key}``, or nothing for those who may register nothing.

    In the list of a kind it offers that kind, elsewhere the first one; to requesters only what they report themselves.
    """
    offered = [kind for kind in kinds() if user.is_agent or kind.in_portal]
    offered.sort(key=lambda kind: not path.startswith(reverse("tickets:list", args=[kind.slug])))
    for kind in offered:
        action = kind.register_action
        if action and kind.may_be_registered_by(user):
            return {"url": reverse("tickets:register", args=[kind.slug]), "label": action.label, "key": action.key}
    return {}


def navigation(user: User, path: str) -> list[dict[str, Any]]:
    """Groups of entries; only what exists and the person may open."""
    if not user.is_agent:
        return [{"label": "", "entries": portal_entries(user, path)}]
    visible = Ticket.objects.visible_to(user).live()
    by_kind = {kind.code: visible.filter(kind=kind.code) for kind in kinds()}
    waiting = {entry.code: entry.found(user) for entry in waiting_entries()}
    counts = counts_of({"mine": visible.filter(assignee=user.pk), **by_kind, **waiting})
    work = [_entry(_("Workspace"), reverse("tickets:queue"), path, icon="layout-columns", count=counts["mine"])]
    work.append(_entry(_("My work"), reverse("tickets:my"), path, icon="user-check"))
    work += _waiting_links(counts, path)
    work += [
        _entry(
            kind.label_plural, reverse("tickets:list", args=[kind.slug]), path, icon=kind.icon, count=counts[kind.code]
        )
        for kind in kinds()
    ]
    groups: dict[Section, list[dict[str, Any]]] = {section: [] for section in Section}
    groups[Section.WORK] = work
    for declared in entries_for(user):
        groups[declared.section].append(_entry(declared.label, declared.address, path, icon=declared.icon))
    return [{"label": section.label, "entries": found} for section, found in groups.items() if found]


def _waiting_links(counts: dict[str, int], path: str) -> list[dict[str, Any]]:
    return [
        _entry(entry.label, reverse(entry.url_name), path, count=counts[entry.code], icon=entry.icon)
        for entry in waiting_entries()
    ]


def portal_entries(user: User, path: str) -> list[dict[str, Any]]:
    """What customers find in the header."""
    waiting = {entry.code: entry.found(user) for entry in waiting_entries()}
    counts = counts_of(waiting) if waiting else {}
    return [
        _entry(_("My tickets"), reverse("tickets:portal"), path, icon="ticket"),
        *(link for link in _waiting_links(counts, path) if link["count"]),
        _entry(_("Our items"), reverse("cmdb:own"), path, icon="server"),
        _entry(_("Announcements"), reverse("announcements:list"), path, icon="speakerphone"),
        *(
            _entry(declared.label, declared.address, path, icon=declared.icon)
            for declared in entries_for(user)
            if declared.in_portal
        ),
    ]


def _entry(label: Any, url: str, path: str, *, icon: str, count: int = 0) -> dict[str, Any]:
    """A line of the navigation. ``icon`` by keyword: the sprite is built from what follows ``icon=``."""
    return {
        "label": label,
        "url": url,
        "icon": icon,
        "count": shown_count(count) if count else None,
        "active": path == url,
    }
