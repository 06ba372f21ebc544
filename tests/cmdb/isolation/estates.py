"""Two worlds that differ only in configuration items that a customer does not see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from cmdb.models import Attribute, ConfigurationItem, ItemQuery, Kind, RelationType
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.versioning.moments import replaying
from problems.models import KnownError
from tests.changes.making import request
from tests.contract.subjects import problem_in
from tests.factories import MONDAY, World, act, incident_in, make_item, make_system
from tests.pages.files import attach
from tickets.models import AffectedItem, Ticket

FREE = Stamp(source="test", trusted=True)
#: Every identifier, name and value of what is hidden has this word.
SECRET = "geheim"
HIDDEN = ("GEHEIM-1", "GEHEIM-2", "GEHEIM-3", "GEHEIM-EGOV")


@dataclass
class Estate:
    """What the addresses of a world are about. ``hidden``: keys of items that are there in one world only."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    own: dict[str, ConfigurationItem] = field(default_factory=dict)
    hidden: list[int] = field(default_factory=list)
    file: int = 0


@contextmanager
def estate_of(world: World, *, hidden: int) -> Iterator[Estate]:
    """Own items and tickets of the exchange and, with ``hidden`` of them, items that its people do not see.

    Everything is taken back at the end, and rows have the same numbers every time.
    """
    _reset_numbers()
    with transaction.atomic():
        estate = Estate()
        with replaying(MONDAY):
            _own(world, estate)
            estate.hidden = [row.pk for row in _hidden(world, estate, hidden)]
        _tickets(world, estate)
        yield estate
        transaction.set_rollback(True)


def _reset_numbers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(s.oid, 100000) FROM pg_class s WHERE s.relkind = 'S'")


def relate(kind: str, *pairs: tuple[Any, Any], **more: Any) -> None:
    """Relations of one type between pairs of items."""
    relation_type = RelationType.objects.get(code=kind)
    write_relations([Link(source, relation_type, target, **more) for source, target in pairs], FREE)


def _own(world: World, estate: Estate) -> None:
    exchange = world.organisations["exchange"]
    system = make_system("trading", "core")
    server = {"ci_class_id": "server", "name_zh": "上联", "name_en": "Upstream"}
    Attribute.objects.create(code="upstream", kind=Kind.ITEM, **server)
    Attribute.objects.create(code="upstream_label", formula='upstream + "-x"', **server)
    estates: dict[str, dict[str, Any]] = {
        "SVC": {"ci_class_id": "service", "business_system": system},
        "HOST-1": {"business_system": system, "attributes": {"serial_number": "00123"}},
        "HOST-2": {"business_system": system},
        "HOST-3": {},
        "HOST-4": {},
    }
    for name, facts in estates.items():
        estate.own[name] = make_item(name, exchange, **facts)
    own = estate.own
    relate("runs_on", (own["SVC"], own["HOST-1"]), (own["SVC"], own["HOST-2"]), group="hosts")
    relate("connects_to", (own["HOST-2"], own["HOST-3"]))
    update_item(item=own["HOST-1"], facts={"upstream": "HOST-2"}, stamp=FREE)


def _hidden(world: World, estate: Estate, count: int) -> list[ConfigurationItem]:
    """Shared items above, below and between the own ones; of several the last is another customer's, and more of what
    is own hangs on them.
    """
    egov, own = world.organisations["egov"], estate.own
    made = [
        make_item(name, egov if name.endswith("EGOV") else None, name=f"{SECRET} {name}", attributes={"room": SECRET})
        for name in HIDDEN[:count]
    ]
    for row in made:
        relate("connects_to", (own["HOST-1"], row), (own["HOST-3"], row))
        relate("runs_on", (row, own["HOST-2"]))
        relate("runs_on", (own["SVC"], row), group="hosts")
    if count < 2:
        return made
    with replaying(MONDAY + timedelta(hours=1)):
        relate("backs_up", (made[0], own["HOST-4"]))
        relate("contains", (made[0], own["HOST-3"]))
        update_item(item=made[0], facts={"status_id": "in_maintenance"}, stamp=FREE)
        update_item(item=own["HOST-2"], facts={"upstream": made[0].identifier}, stamp=FREE)
    ItemQuery.objects.create(name=SECRET, owner=world.desk, shared=True, params=f"q={made[0].identifier}")
    return made


def _tickets(world: World, estate: Estate) -> None:
    about: dict[str, Any] = {"business_system": "trading", "requester": "requester"}
    open_ = incident_in("in_progress", world, now=MONDAY, **about)
    done = incident_in("resolved", world, now=MONDAY + timedelta(hours=1), **about)
    change = request(world, "simple", business_system="trading", requester="requester")
    problem = problem_in("investigating", world)
    estate.tickets = {"incident": open_, "done": done, "change": change, "problem": problem}
    estate.file = attach(open_, world.desk).pk
    items = [estate.own["HOST-1"].pk, *estate.hidden]
    known = KnownError.objects.create(
        problem_id=problem.pk,
        title="连不上",
        symptoms="连不上",
        steps="重启",
        published_at=MONDAY,
        published_by=world.lead,
    )
    known.items.set(items)
    for ticket in estate.tickets.values():
        AffectedItem.objects.bulk_create(AffectedItem(ticket_id=ticket.pk, item_id=key) for key in items)
    act(open_, "comment", world.desk, now=MONDAY, text="请稍候")
