"""What each racing process does: create tickets, or claim one, from a given moment on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.utils import translation

from accounts.models import SupportGroup, User
from bench.options import GROUPS
from incidents.models import Incident
from tickets.actions import perform
from tickets.errors import ActionConflict
from tickets.models import Ticket


def handlers() -> dict[str, Callable[..., Any]]:
    """What the parent asks each racing process: see ``bench.child``."""
    return {"warm_up": warm_up, "create": create, "claim": claim, "prepare_claims": prepare_claims}


def warm_up() -> bool:
    """Connect, load what is loaded once."""
    return Ticket.objects.exists()


def create(count: int, start: float) -> dict[str, Any]:
    """Register ``count`` incidents from the moment ``start`` on; return their numbers and when it was over."""
    user = User.objects.with_access().get(username="bench-agent-0")
    data = {"summary": "并发登记测试", "impact": "I4", "source": "phone", "requester": "bench-requester-1"}
    _wait(start)
    numbers = [perform(Incident(), "register", user=user, data=data).ticket.number for _ in range(count)]
    return {"numbers": numbers, "ended": time.monotonic()}


def claim(number: str, username: str, start: float) -> dict[str, str]:
    """Claim a ticket at the moment ``start``; return who won, in the words the loser is told."""
    user = User.objects.with_access().get(username=username)
    ticket = Incident.objects.get(number=number)
    with translation.override("zh-hans"):
        _wait(start)
        try:
            perform(ticket, "claim", user=user)
        except ActionConflict as refusal:
            return {"lost": str(refusal.message), "name": user.display_name}
    return {"won": username, "name": user.display_name}


def prepare_claims(pairs: int) -> list[list[str]]:
    """Register unclaimed tickets; return for each its number and two engineers of its group."""
    desk = User.objects.with_access().get(username="bench-agent-0")
    found = []
    for number in range(pairs):
        group = SupportGroup.objects.get(code=f"bench-group-{number % GROUPS}")
        data = {"summary": "同时认领测试", "impact": "I4", "requester": "bench-requester-2", "group": group.code}
        ticket = perform(Incident(), "register", user=desk, data=data).ticket
        engineers = group.members.order_by("pk").values_list("username", flat=True)[:2]
        found.append([ticket.number, *engineers])
    return found


def _wait(start: float) -> None:
    """Spin until ``start``: the monotonic clock is the same for all processes of a machine."""
    while time.monotonic() < start:
        pass
