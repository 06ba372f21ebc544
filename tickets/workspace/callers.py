"""What the desk knows of a caller while registering: who they are, what they have open, what they had (INC-02)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.phones import calling
from cmdb.models import ConfigurationItem
from tickets.lifecycle import Phase
from tickets.models import AffectedItem, Ticket, Watcher
from tickets.workspace import pages

OPEN_SHOWN, HISTORY_SHOWN, ITEMS_SHOWN = 8, 6, 8
#: History that the desk asks about.
MONTHS = timedelta(days=90)


def caller_context(person: User, user: User, now: datetime) -> dict[str, Any]:
    """What ``tickets/_caller.html`` draws of ``person`` for ``user``. Six queries."""
    tickets = Ticket.objects.visible_to(user).filter(requester=person, parent=None)
    recent = tickets.for_rows().order_by("-created_at", "-id")
    live = list(recent.live()[:OPEN_SHOWN])
    history = list(recent.exclude(phase__in=[Phase.OPEN, Phase.WAITING])[:HISTORY_SHOWN])
    return {
        "person": person,
        "facts": caller_facts(person),
        "marks": marks_of(tickets, now),
        "open": [open_line(ticket, now, watched) for ticket, watched in _with_watchers(live, person)],
        "history": pages.rows_of(history, now),
        "items": items_of(person, user),
    }


def caller_facts(person: User) -> list[dict[str, object]]:
    """Lines about a caller."""
    return pages.filled(
        [
            pages.pair(_("Organisation"), person.organisation),
            pages.pair(_("Department"), person.department),
            pages.pair(_("Employee number"), person.employee_number),
            pages.pair(_("Phone"), person.phone, calling(person.phone)),
            pages.pair(_("Mobile"), person.mobile, calling(person.mobile)),
            pages.pair(_("Email"), person.email, f"mailto:{person.email}" if person.email else ""),
        ]
    )


def marks_of(tickets: Any, now: datetime) -> list[dict[str, Any]]:
    """What sets this caller apart: many tickets lately, some not solved, some urged. One query."""
    recent = tickets.filter(created_at__gte=now - MONTHS)
    counts = recent.aggregate(
        total=Count("pk"),
        reopened=Count("pk", filter=Q(reopen_count__gt=0)),
        urged=Count("pk", filter=Q(urge_count__gt=0)),
        unhappy=Count("pk", filter=Q(satisfaction="improve")),
    )
    texts = [
        (counts["total"], "info", _("%(count)d in 3 months")),
        (counts["reopened"], "soon", _("%(count)d not solved at first")),
        (counts["urged"], "soon", _("%(count)d urged")),
        (counts["unhappy"], "late", _("%(count)d unhappy")),
    ]
    return [{"tone": tone, "label": text % {"count": count}} for count, tone, text in texts if count]


def _with_watchers(tickets: list[Ticket], person: User) -> list[tuple[Ticket, bool]]:
    visible = [ticket.pk for ticket in tickets]
    watched = set(Watcher.objects.filter(ticket__in=visible, user=person).values_list("ticket_id", flat=True))
    return [(ticket, ticket.pk in watched) for ticket in tickets]


def open_line(ticket: Ticket, now: datetime, watched: bool) -> dict[str, Any]:
    """An open ticket of the caller, with where a remark to it goes."""
    return {
        "row": pages.row_of(ticket, now),
        "watched": watched,
        "urged": ticket.urge_count,
        "note_url": reverse("tickets:comment", args=[ticket.number]),
        "urge_url": reverse("tickets:action", args=[ticket.number, "urge"]),
    }


def items_of(person: User, user: User) -> list[ConfigurationItem]:
    """What the caller's tickets were about, then what else the organisation has. Two queries."""
    seen = ConfigurationItem.objects.visible_to(user).select_related("ci_class", "business_system")
    visible = Ticket.objects.visible_to(user).filter(requester=person).order_by("-created_at")
    newest = list(visible.values_list("pk", flat=True)[: 4 * ITEMS_SHOWN])
    had = AffectedItem.objects.filter(ticket__in=newest).values_list("item_id", flat=True)
    ordered = dict.fromkeys(had)
    found = seen.filter(Q(pk__in=list(ordered)) | Q(organisation=person.organisation))[: 4 * ITEMS_SHOWN]
    return sorted(found, key=lambda item: (item.pk not in ordered, item.identifier))[:ITEMS_SHOWN]
