"""Giving notices in tests, and looking at what became of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accounts.models import User
from notifications.models import Delivery, Endpoint, Notice
from notifications.services import give_notice
from tests.notifications.servers import Program
from tickets import clock


def tell(*people: User, key: str = "k", **details: Any) -> Notice:
    """Give a notice due now."""
    given: dict[str, Any] = {
        "key": key,
        "event": "replied",
        "ticket": None,
        "recipients": people,
        "urgent": False,
        "at": clock.now(),
        "payload": {"summary": key, "actor": {"zh": "张三", "en": "San"}, "text": "第一行\n.第二行"},
        "rooms": False,
    }
    found = give_notice(**given | details)
    assert found is not None
    return found


def mail_of(notice: Notice) -> Delivery:
    """The mail that tells somebody of it."""
    return Delivery.objects.get(notice=notice, channel="email")


def hurry() -> None:
    """Let everything that waits be due, as time would."""
    Delivery.objects.filter(status="pending").update(next_try_at=clock.now() - timedelta(seconds=1))


def endpoint(program: Program, kind: str = "webhook", **fields: Any) -> Endpoint:
    """An outside address on the test's server."""
    return Endpoint.objects.create(**{"name": kind, "kind": kind, "url": program.url, "secret": "geheim"} | fields)
