"""What every page's shell shows: navigation with counts, where to register and search."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from tickets.lifecycle import kinds
from tickets.models import Ticket
from tickets.queries import counts_of, shown_count


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template context processor. Costs one query, and only where the shell is drawn."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"theme": "auto"}
    return {
        "theme": user.theme,
        "navigation": SimpleLazyObject(lambda: navigation(user, request.path)),
        "register_url": SimpleLazyObject(lambda: register_url(user)),
        "search_url": reverse("tickets:search"),
        "search_query": request.GET.get("q", "") if request.path == reverse("tickets:search") else "",
    }


def register_url(user: User) -> str:
    """Where the first kind that ``user`` may register is registered; empty when there is none."""
    for kind in kinds():
        action = kind.actions.get(kind.registers)
        if action and action.allow and action.allow(kind.model(), user):
            return reverse("tickets:register", args=[kind.slug])
    return ""


def navigation(user: User, path: str) -> list[dict[str, Any]]:
    """Groups of entries; only what exists and the person may open."""
    if not user.is_agent:
        return [{"label": "", "entries": portal_entries(path)}]
    visible = Ticket.objects.visible_to(user).live()
    by_kind = {kind.code: visible.filter(kind=kind.code) for kind in kinds()}
    counts = counts_of({"mine": visible.filter(assignee=user.pk), **by_kind})
    work = [_entry(_("Workspace"), reverse("tickets:queue"), path, icon="layout-columns", count=counts["mine"])]
    work.append(_entry(_("My work"), reverse("tickets:my"), path, icon="user-check"))
    work += [
        _entry(
            kind.label_plural, reverse("tickets:list", args=[kind.slug]), path, icon=kind.icon, count=counts[kind.code]
        )
        for kind in kinds()
    ]
    running = [_entry(_("On duty"), reverse("duty:list"), path, icon="calendar-user")]
    if user.may(Permission.VIEW) and user.may(Permission.INTERNAL):
        running.append(_entry(_("Boards"), reverse("reports:board", args=["incidents"]), path, icon="chart-bar"))
        running.append(_entry(_("Escalations"), reverse("sla:board"), path, icon="urgent"))
        running.append(_entry(_("Receipts"), reverse("notifications:receipts"), path, icon="mail-check"))
    running += [_entry(_("Announcements"), reverse("announcements:list"), path, icon="speakerphone")]
    if user.is_staff:
        running.append(_entry(_("Policies"), reverse("sla:policies"), path, icon="certificate"))
        running.append(_entry(_("Calendars"), reverse("sla:calendars"), path, icon="calendar-cog"))
        running.append(_entry(_("Templates of notices"), reverse("notifications:templates"), path, icon="template"))
        running.append(_entry(_("Administration"), reverse("admin:index"), path, icon="settings"))
    return [{"label": "", "entries": work}, {"label": _("Running and improving"), "entries": running}]


def portal_entries(path: str) -> list[dict[str, Any]]:
    """What customers find in the header."""
    return [
        _entry(_("My tickets"), reverse("tickets:portal"), path, icon="ticket"),
        _entry(_("Announcements"), reverse("announcements:list"), path, icon="speakerphone"),
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
