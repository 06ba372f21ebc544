"""The process that lets many mails fall due in the same second, and watches them leave."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from accounts.models import User
from notifications.models import Delivery
from notifications.storing import Telling, give
from tickets import clock
from tickets.models import Ticket

#: One mail in five tells of a P1 or P2. A reader has fifty, of which forty go as a digest.
URGENT_OF, OF_A_READER = 5, 50
KEY = "bench-mail:"
HEAD_START, WATCH_SECONDS = 3, 120


def handlers() -> dict[str, Callable[..., Any]]:
    """What the parent asks: see ``bench.child``."""
    return {"flood": flood}


def flood(count: int) -> dict[str, Any]:
    """Let ``count`` mails fall due at the same moment while a portal runs; say how they left.

    ``late``, ``urgent``: seconds from that moment until each mail of others, and of P1 and P2, was handed over;
    ``messages``, ``urgent_messages``: in how many messages; ``ids``: the messages' own names; ``missing``: how many
    were not handed over.
    """
    give(_tellings(count))
    mails = Delivery.objects.filter(notice__key__startswith=KEY, channel="email")
    until = time.monotonic() + HEAD_START + WATCH_SECONDS
    while mails.exclude(status="sent").exists() and time.monotonic() < until:
        time.sleep(0.2)
    messages = list(mails.filter(status="sent", lead=None).values_list("message_id", flat=True))
    sent = list(mails.filter(status="sent").values_list("lateness", "urgent", "lead_id"))
    late: dict[bool, list[float]] = {False: [], True: []}
    for lateness, urgent, _lead in sent:
        late[urgent].append(round((lateness or timedelta()).total_seconds(), 3))
    leads = [urgent for _late, urgent, lead in sent if lead is None]
    return {
        "late": late[False],
        "urgent": late[True],
        "messages": leads.count(False),
        "urgent_messages": leads.count(True),
        "ids": messages,
        "missing": count - len(sent),
    }


def _tellings(count: int) -> list[Telling]:
    """Each of a ticket of its own, for a few readers in turn; due in a moment, all together."""
    readers = [f"bench-agent-{n}" for n in range(max(1, count // OF_A_READER))]
    people = list(User.objects.filter(username__in=readers).order_by("pk").values_list("pk", flat=True))
    tickets = Ticket.objects.filter(state="in_progress").select_related("group", "priority").order_by("-pk")[:count]
    at = clock.now() + timedelta(seconds=HEAD_START)
    return [
        Telling(
            key=f"{KEY}{ticket.pk}",
            event="assigned",
            ticket=ticket,
            readers=[people[n // URGENT_OF % len(people)]],
            urgent=n % URGENT_OF == 0,
            at=at,
            rooms=False,
        )
        for n, ticket in enumerate(tickets)
    ]
