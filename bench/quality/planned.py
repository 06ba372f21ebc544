"""What pages of changes take in a year of many changes, in bare pages of the same run (CHG-04, CHG-05, CHG-06)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from accounts.models import Role, User
from bench.quality.collisions import prepare
from changes.models import Change
from tickets import clock
from tickets.actions import perform

#: The shell of a page with nothing in it, and what is asked beside it; ``{number}`` a planned change, ``{run}`` one
#: that is carried out, ``{month}`` a month ahead.
FLOOR = "/bench/floor/"
PAGES = {
    "list": "/changes/",
    "change": "/tickets/{number}/",
    "collisions": "/changes/{number}/collisions/",
    "free windows": "/changes/{number}/windows/",
    "calendar, month": "/changes/calendar/?on={month}",
    "calendar, week by system": "/changes/calendar/?on={month}&view=week&by=service",
    "standard changes": "/changes/catalogue/",
    "order": "/changes/catalogue/extend-disk/",
    "run sheet": "/changes/runs/{run}/",
}


def handlers() -> dict[str, Callable[..., Any]]:
    """What the parent asks: see ``bench.child``."""
    return {"prepare": prepare, "measure": measure}


def measure(rounds: int) -> dict[str, Any]:
    """The medians of each page and of an order, in ms and in bare pages, with the number of statements."""
    user, other = _managers()
    client = Client(SERVER_NAME="localhost", headers={"Accept-Language": "en"})
    client.force_login(user)
    run = _begun(user)
    number = Change.objects.filter(number__startswith="CH99").order_by("pk").values_list("number", flat=True)[0]
    places = {"number": number, "run": run.number, "month": f"{localdate() + timedelta(days=60):%Y-%m-%d}"}
    floor = _median(partial(_get, client, FLOOR), rounds)
    found: dict[str, Any] = {"floor": {"ms": floor}}
    for name, address in PAGES.items():
        url = address.format(**places)
        ms = _median(partial(_get, client, url), rounds)
        with CaptureQueriesContext(connection) as captured:
            _get(client, url)
        found[name] = {"ms": ms, "floors": round(ms / floor, 1), "statements": len(captured)}
    ms = _median(partial(_ordered_and_undone, other), rounds)
    return found | {"ordering one": {"ms": ms, "floors": round(ms / floor, 1)}}


def _managers() -> list[User]:
    """Two agents of the bench who manage changes and carry them out besides."""
    through, codes = User.roles.through, ("change_manager", "first_line")
    users = list(User.objects.filter(username__startswith="bench-agent-").order_by("pk")[:2])
    rows = [through(user=user, role=role) for user in users for role in Role.objects.filter(code__in=codes)]
    through.objects.bulk_create(rows, ignore_conflicts=True)  # the bench's open approvals name no steps to follow
    return list(User.objects.with_access().filter(pk__in=[user.pk for user in users]).order_by("pk"))


def _median(ask: Callable[[], Any], rounds: int) -> float:
    """In ms, after two that warm up."""
    times = []
    for _round in range(rounds + 2):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times[2:]), 1)


def _get(client: Client, url: str) -> None:
    response = client.get(url)
    if response.status_code != 200:
        raise RuntimeError(f"{url} answered {response.status_code}.")


def _order(user: User) -> Any:
    data = {"template": "extend-disk", "items": [_item()]}
    return perform(Change(), "order", user=user, data=data, now=clock.now()).ticket


def _item() -> str:
    """The item that the newest planned change is about."""
    planned = Change.objects.filter(number__startswith="CH99").order_by("-pk")[0]
    return planned.items.order_by("pk").values_list("identifier", flat=True)[0]


def _begun(user: User) -> Any:
    return perform(_order(user), "start", user=user, data={}, now=clock.now()).ticket


def _ordered_and_undone(user: User) -> None:
    with transaction.atomic():
        _order(user)
        transaction.set_rollback(True)
