"""The process that changes tickets while workspaces are open."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import User
from incidents.models import Incident
from tickets.actions import perform
from tickets.models import Ticket
from tickets.querysets import LIVE


def handlers() -> dict[str, Callable[..., Any]]:
    """What the parent asks: see ``bench.child``."""
    worker = Worker()
    return {"prepare": worker.prepare, "work": worker.work}


class Worker:
    """Changes one ticket after the other, none twice."""

    def __init__(self) -> None:
        self.desk = User.objects.with_access().get(username="bench-agent-0")
        self.numbers: list[str] = []

    def prepare(self, people: int, tickets: int) -> dict[str, Any]:
        """Cookies of agents, and tickets that stand open beside lists. Draws those that will change."""
        agents = User.objects.filter(username__startswith="bench-agent-").order_by("pk")[:people]
        found = Incident.objects.filter(phase__in=LIVE).order_by("-pk").values_list("number", flat=True)
        self.numbers = list(found[:tickets])
        opened = list(Ticket.objects.filter(phase__in=LIVE).order_by("pk").values_list("number", flat=True)[:300])
        return {"cookies": [_cookie(agent) for agent in agents], "open": [*opened, *self.numbers[:100]]}

    def work(self, per_second: int, seconds: int) -> list[tuple[str, float]]:
        """Change tickets at an even pace; return each number with the moment of its commit."""
        steps = itertools.cycle([self._note, self._comment, self._register, self._comment])
        began, done = time.monotonic(), []
        for count in range(per_second * seconds):
            time.sleep(max(0.0, began + count / per_second - time.monotonic()))
            done.append((next(steps)(), time.monotonic()))
        return done

    def _note(self) -> str:
        return self._write("note")

    def _comment(self) -> str:
        return self._write("comment")

    def _write(self, action: str) -> str:
        ticket = Incident.objects.get(number=self.numbers.pop())
        return perform(ticket, action, user=self.desk, data={"text": "现场已确认，继续处理"}).ticket.number

    def _register(self) -> str:
        data = {"summary": "新登记的事件", "impact": "I3", "requester": "bench-requester-1", "group": "bench-group-1"}
        return perform(Incident(), "register", user=self.desk, data=data).ticket.number


def _cookie(user: User) -> str:
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
