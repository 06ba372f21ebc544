"""How long a check for collisions takes: a year of changes over a big configuration database (CHG-05)."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from changes.collision.collisions import collisions_of
from changes.models import Change
from changes.schedule.slots import free_slots
from changes.states import States
from cmdb.models import BusinessSystem, ConfigurationItem, Relation, RelationType
from importing.copying import copy_rows, next_ids
from tickets import clock
from tickets.lifecycle import Phase
from tickets.meaning import NO_PRIORITY
from tickets.models import AffectedItem, Ticket

SEED = 16
#: Of ten items one is carried by two nodes of which one is enough, the others rest on one or two things below them.
LAYERS = (0.01, 0.1, 0.4)
#: This part of the changes touches the two lowest layers, on which very much rests.
FAR_DOWN = 0.05
#: So many items has the change that is checked besides.
MANY = 5_000
#: They begin in the evening; half of them on Saturdays.
HOURS, LONGEST = (18, 19, 20, 21, 22), 4


def handlers() -> dict[str, Callable[..., Any]]:
    """What the parent asks: see ``bench.child``."""
    return {"prepare": prepare, "check": check}


def prepare(items: int, changes: int) -> float:
    """Fill the configuration database and plan a year; the seconds it took. Writes rows, not histories."""
    began, chance = time.perf_counter(), random.Random(SEED)  # noqa: S311 - the same data every time
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL session_replication_role = replica")
        keys = copy_items(items)
        copy_rows(Relation, list(relations_between(keys, chance)))
        _changes(keys, changes, chance)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return round(time.perf_counter() - began, 1)


def copy_items(count: int) -> list[int]:
    """Write so many servers without a history; their keys."""
    systems = list(BusinessSystem.objects.order_by("pk").values_list("pk", flat=True))
    ids = next_ids(ConfigurationItem, count)
    fixed = {"ci_class_id": "server", "status_id": "in_use"}
    copy_rows(
        ConfigurationItem,
        [
            ConfigurationItem(
                id=key,
                identifier=f"bench-{key}",
                name=f"bench {key}",
                business_system_id=systems[place % len(systems)],
                **fixed,
            )
            for place, key in enumerate(ids)
        ],
    )
    return list(ids)


def relations_between(keys: list[int], chance: random.Random) -> Iterator[Relation]:
    """Three layers: a little network, some hosts, everything else on top of them; pairs where it matters."""
    kind, now = RelationType.objects.get(code="runs_on"), clock.now()
    edges = [int(len(keys) * share) for share in LAYERS]
    layers = [keys[: edges[0]], keys[edges[0] : edges[1]], keys[edges[1] : edges[2]], keys[edges[2] :]]
    made: list[Relation] = []
    for below, above in pairwise(layers):
        for key in above:
            nodes = chance.sample(below, min(2, len(below)))
            paired = {"group": "nodes", "needed": 1} if chance.random() < 0.1 else {"group": "", "needed": 1}
            made += [
                Relation(relation_type=kind, source_id=key, target_id=node, confirmed_at=now, **paired)
                for node in (nodes if paired["group"] else nodes[:1])
            ]
    for row, key in zip(made, next_ids(Relation, len(made)), strict=True):
        row.pk = key
        yield row


def _changes(keys: list[int], count: int, chance: random.Random) -> None:
    now = clock.now()
    people = list(User.objects.filter(username__startswith="bench-agent-").order_by("pk")[:60])
    systems = list(BusinessSystem.objects.order_by("pk").values_list("pk", flat=True))
    rows, items = [], []
    for number, key in enumerate(next_ids(Ticket, count)):
        start = _evening(now, chance)
        row = Change(kind="change", number=f"CH99{number:010}", phase=Phase.OPEN, priority_rank=NO_PRIORITY)
        row.__dict__["state"] = States.SCHEDULED.value
        row.summary, row.change_type_id = f"Change {number}", "simple"
        row.assignee = row.requester = chance.choice(people)
        row.organisation_id, row.business_system_id = row.requester.organisation_id, chance.choice(systems)
        row.created_at = row.updated_at = now
        row.planned_start, row.planned_end = start, start + timedelta(hours=chance.randint(1, LONGEST))
        row.pk = row.id = key
        rows.append(row)
        among = keys[: int(len(keys) * LAYERS[1])] if chance.random() < FAR_DOWN else keys
        touched = chance.sample(among, chance.choice((1, 1, 1, 2, 4)))
        items += [AffectedItem(ticket_id=key, item_id=item) for item in touched]
    copy_rows(Ticket, rows)
    copy_rows(Change, rows)
    AffectedItem.objects.bulk_create(items, batch_size=5_000)


def _evening(now: datetime, chance: random.Random) -> datetime:
    """An evening of the coming year; every second one is moved to the Saturday of its week."""
    day = now + timedelta(days=chance.randint(1, 364))
    if chance.random() < 0.5:
        day += timedelta(days=(5 - day.weekday()) % 7)
    return day.replace(hour=chance.choice(HOURS), minute=chance.choice((0, 30)), second=0, microsecond=0)


def check(count: int) -> dict[str, Any]:
    """Milliseconds of ``count`` checks of different changes, and of the first one, which reads the graph."""
    keys = list(Change.objects.filter(number__startswith="CH99").values_list("pk", flat=True))
    taken = random.Random(SEED).sample(keys, min(count, len(keys)))  # noqa: S311 - as above
    chosen = Change.objects.filter(pk__in=taken).order_by("pk")
    rows = list(chosen.select_related("assignee", "requester", "business_system"))
    first = _ms(rows[0])[0]
    timed = [_ms(row) for row in rows]
    with CaptureQueriesContext(connection) as queries:
        collisions_of(rows[0], clock.now())
    times = sorted(took for took, _found in timed)
    return {
        "items": ConfigurationItem.objects.count(),
        "relations": Relation.objects.count(),
        "changes": len(keys),
        "first_ms": round(first, 1),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(len(times) * 0.95)], 1),
        "max_ms": round(times[-1], 1),
        "statements": len(queries),
        "found": sum(found for _took, found in timed),
        **_of_many(rows[0]),
    }


def _of_many(change: Change) -> dict[str, Any]:
    """Milliseconds for a change of very many items: what it collides with, and what a refusal offers beside that."""
    keys = list(ConfigurationItem.objects.filter(identifier__startswith="bench-").values_list("pk", flat=True))
    taken = random.Random(SEED).sample(keys, min(MANY, len(keys)))  # noqa: S311 - as above
    with transaction.atomic():
        rows = [AffectedItem(ticket_id=change.pk, item_id=key) for key in taken]
        AffectedItem.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5_000)
        checked = _ms(change)[0]
        began = time.perf_counter()
        free_slots(change, clock.now())
        offered = (time.perf_counter() - began) * 1000
        transaction.set_rollback(True)
    return {"many_items": len(taken), "many_ms": round(checked, 1), "many_windows_ms": round(offered, 1)}


def _ms(change: Change) -> tuple[float, int]:
    began = time.perf_counter()
    found = len(collisions_of(change, clock.now()))
    return (time.perf_counter() - began) * 1000, found
