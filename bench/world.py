"""Who asks for what in one database: sessions, a token, and a sample of its tickets."""

from __future__ import annotations

import random
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.access.tokens import create_token
from accounts.models import User
from bench.subjects import Request
from incidents.models import Incident
from reports.facts.keeping import catch_up
from tickets.actions import perform
from tickets.models import Ticket

DESK = "bench-agent-0"  # sees everything, works in two groups: the dearest person to serve
REQUESTER = "bench-requester-0"  # of the largest customer
SAMPLE = 200
CLAIMED = 20  # tickets that are claimed again and again
RANDOM = random.Random(7)  # noqa: S311  (a sample, not a secret)


class World:
    """Who asks for what in the database at hand. Tickets are drawn once, the same way for every size."""

    def __init__(self) -> None:
        self.clients = {
            "desk": _signed_in(DESK),
            "requester": _signed_in(REQUESTER),
            "api": Client(headers={"host": "localhost"}),
        }
        self.token: str = create_token(user=User.objects.get(username=DESK), name="bench")[1]
        self.live: list[str] = _numbers(phase="open", state="in_progress")
        self.claimable: list[str] = [_unclaimed() for _ in range(CLAIMED)]

    def send(self, request: Request) -> Any:
        """Send ``request`` through the whole stack of middleware; return the response."""
        client = self.clients[request.who]
        headers = {"authorization": f"Bearer {self.token}"} if request.who == "api" else {}
        if request.fragment:
            headers["HX-Request"] = "true"
        if request.method == "GET":
            return client.get(request.path, headers=headers)
        return client.post(request.path, request.body or {}, content_type="application/json", headers=headers)

    def credentials(self) -> dict[str, dict[str, str]]:
        """The header that proves who is who, for requests over the network."""
        found = {"api": {"Authorization": f"Bearer {self.token}"}}
        for who in ("desk", "requester"):
            session = self.clients[who].cookies[settings.SESSION_COOKIE_NAME].value
            found[who] = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
        return found

    def free(self, number: str) -> None:
        """Take a ticket from whoever claimed it, so that it can be claimed again."""
        Ticket.objects.filter(number=number).update(assignee=None)

    def forget_figures(self) -> None:
        """Let boards count everything again, as who asks first."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_cache WHERE cache_key LIKE '%%figures:%%'", [])

    def change_a_ticket(self) -> None:
        """Another priority of a ticket that is not finished, as the background has brought its fact up since."""
        number, priority = RANDOM.choice(self.live), RANDOM.choice(["P3", "P4", "P5"])
        Ticket.objects.filter(number=number).update(priority=priority)
        catch_up()


def _signed_in(username: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=username), backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def _unclaimed() -> str:
    """Register a ticket for a group of the desk's agent; return its number."""
    desk = User.objects.with_access().get(username=DESK)
    data = {"summary": "等待认领", "impact": "I4", "requester": REQUESTER, "group": "bench-group-0"}
    return perform(Incident(), "register", user=desk, data=data).ticket.number


def _numbers(**wanted: Any) -> list[str]:
    """Numbers of some of the tickets, spread over all of them by their ids."""
    found = list(Ticket.objects.filter(**wanted).order_by("id").values_list("number", flat=True)[: SAMPLE * 10])
    return RANDOM.sample(found, min(SAMPLE, len(found)))
