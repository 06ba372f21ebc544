"""The engineer's own work, as it fits on a phone: to claim, mine, due, tasks, to decide (DESK-02)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from tickets.lifecycle import Phase, kinds
from tickets.models import Ticket
from tickets.querysets import TicketQuerySet
from tickets.queues.limits import chip_of
from tickets.queues.queries import VIEWS, counts_of, queue, shown_count
from tickets.shared.asking import Asked, asked_about, waiting_keys
from tickets.workspace import pages

SHOWN = 40
#: Buttons that move the work on, one tap each; the first that is possible stands out.
STEPS = ("claim", "start", "resume", "resolve", "finish", "approve_priority")
BESIDE = ("decline_priority",)
NEXT_LIMIT = ("queue_due_at", "priority_rank", "id")
QUEUE_ORDER = ("priority_rank", "queue_due_at", "complexity", "id")


def parts_of(user: User, now: datetime) -> dict[str, dict[str, Any]]:
    """The parts of the page by code: label, icon, the tickets and their order."""
    own = Ticket.objects.visible_to(user).live().filter(assignee=user)
    mine = Ticket.objects.visible_to(user).live().filter(Q(assignee=user) | _takes_part(user))
    ours = Q(assignee=user) | Q(group__in=user.group_ids)
    is_task = Q(parent__isnull=False)
    parts = {
        "claim": _part(_("To claim"), {"icon": "hand-grab"}, to_claim(user, now), QUEUE_ORDER),
        "mine": _part(_("Mine"), {"icon": "user-check"}, mine.exclude(is_task), NEXT_LIMIT),
        "due": _part(_("Due"), {"icon": "clock-exclamation"}, _due(user, ours, now), NEXT_LIMIT),
        "tasks": _part(_("Tasks"), {"icon": "checklist"}, own.filter(is_task), NEXT_LIMIT),
    }
    parts["decide"] = _part(_("To decide"), {"icon": "gavel"}, to_decide(user), QUEUE_ORDER)
    return parts


def _part(label: str, icon: dict[str, str], tickets: TicketQuerySet, order: tuple[str, ...]) -> dict[str, Any]:
    return {"label": label, **icon, "tickets": tickets, "order": order}


def _takes_part(user: User) -> Q:
    """What somebody else has and the person does a part of, as its kind says."""
    paths = [kind.takes_part for kind in kinds() if kind.takes_part]
    return Q(*(("pk__in", import_string(path)(user)) for path in paths), _connector=Q.OR) if paths else Q(pk=None)


def _due(user: User, ours: Q, now: datetime) -> TicketQuerySet:
    """What the person or their groups must keep next: its limit is near or over."""
    return Ticket.objects.visible_to(user).filter(ours, phase=Phase.OPEN, due_soon_at__lte=now)


def to_claim(user: User, now: datetime) -> TicketQuerySet:
    """What the person can take: of their groups; of nobody's only what the desk may start by itself."""
    managed = [kind.code for kind in kinds() if kind.managing is not None and user.may(kind.managing)]
    without = Q(group=None, kind__in=managed) if user.group_ids else Q(pk=None)
    return queue(user, VIEWS["unassigned"], now).filter(Q(group__in=user.group_ids) | without)


def to_decide(user: User) -> TicketQuerySet:
    """What waits for the person's decision: proposed priorities, changes, solutions (INC-04, CHG-03, PRB-06)."""
    found: TicketQuerySet = Ticket.objects.visible_to(user).filter(pk__in=waiting_keys(user))
    return found


class MyPage:
    """The page with one of its parts open."""

    def __init__(self, user: User, tab: str, now: datetime) -> None:
        self.user, self.now = user, now
        self.parts = parts_of(user, now)
        self.counts = counts_of({code: part["tickets"] for code, part in self.parts.items()})
        self.tab = tab if tab in self.parts else self._first()

    def _first(self) -> str:
        """What has the person's name on it; without that what waits for somebody."""
        return next((code for code in ("mine", "claim", "tasks") if self.counts[code]), "mine")

    def context(self) -> dict[str, Any]:
        """What ``my/page.html`` draws. Four queries, and one a kind in the open part."""
        url = reverse("tickets:my")
        cards = self.cards()
        tabs = [
            {
                "code": code,
                "label": part["label"],
                "icon": part["icon"],
                "url": f"{url}?tab={code}",
                "count": shown_count(self.counts[code]),
                "active": code == self.tab,
                "tone": "late" if code == "due" and self.counts[code] else "",
            }
            for code, part in self.parts.items()
            if code != "decide" or self.counts[code] or self.user.may(Permission.PRIORITY)
        ]
        more = self.counts[self.tab] - len(cards)
        return {
            "tabs": tabs,
            "tab": self.tab,
            "cards": cards,
            "url": f"{url}?tab={self.tab}",
            "more": more if more > 0 else 0,
            "seen": fingerprint(cards, self.counts),
        }

    def cards(self) -> list[dict[str, Any]]:
        """The tickets of the open part, in the order in which they must be done."""
        part = self.parts[self.tab]
        visible = list(part["tickets"].order_by(*part["order"]).values_list("pk", "kind")[:SHOWN])
        rows: dict[int, Ticket] = {}
        for kind in kinds():
            keys = [pk for pk, code in visible if code == kind.code]
            if keys:
                related = ("priority", "business_system", "group", "assignee", "source", "requester")
                found = kind.model.objects.filter(pk__in=keys)
                rows |= {row.pk: row for row in found.select_related(*related, "parent")}
        asked = asked_about(rows.values(), self.user)
        return [card_of(rows[pk], self.user, self.now, asked.get(pk, [])) for pk, _code in visible if pk in rows]


def card_of(ticket: Ticket, user: User, now: datetime, asked: list[Asked]) -> dict[str, Any]:
    """A ticket with what can be done about it by one tap, and what is ``asked`` about it."""
    buttons = {button["name"]: button for button in pages.buttons_of(ticket, user)}
    steps = [buttons[name] for name in STEPS if name in buttons and buttons[name]["enabled"]]
    note = reverse("tickets:action", args=[ticket.number, "note"]) if user.may(Permission.INTERNAL) else ""
    phone = ticket.contact_phone or (ticket.parent.contact_phone if ticket.parent else "")
    return {
        "row": pages.row_of(ticket, now),
        "chip": chip_of(ticket, now),
        "version": ticket.version,
        "main": steps[0] if steps else None,
        "others": [*steps[1:2], *(buttons[name] for name in BESIDE if name in buttons and buttons[name]["enabled"])],
        "note_url": note,
        "phone": phone,
        "requester": ticket.requester,
        "parent": ticket.parent,
        "asked": asked,
    }


def fingerprint(cards: list[dict[str, Any]], counts: dict[str, int]) -> str:
    """Changes with whatever the page shows, apart from the time that runs."""
    shown = [(card["row"].number, card["version"], card["row"].mark, card["chip"].tone) for card in cards]
    return hashlib.sha256(repr((shown, sorted(counts.items()))).encode()).hexdigest()[:16]
