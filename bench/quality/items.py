"""What pages and endpoints of configuration items take at several sizes of the record (CMDB-04, CMDB-05)."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bench.quality.collisions import copy_items, relations_between
from cmdb.authority import Stamp
from cmdb.models import ConfigurationItem, ItemVersion, Relation, RelationVersion
from cmdb.services import update_item
from cmdb.transfer.exchange import Importer
from importing.copying import copy_rows

SEED = 15
#: So many rows has the import that is timed, whatever the size.
IMPORTED = 200
#: What is asked of each size; ``{key}`` an ordinary item, ``{hub}`` one that much rests on.
PAGES = {
    "list": "/items/",
    "filter": "/items/?a.room=room+7&ci_class=server",
    "page": "/items/{key}/",
    "graph step": "/items/{key}/graph/data/",
    "as-of list": "/items/?as_of={then}",
    "impact": "/items/{key}/impact/",
    "impact of a hub": "/items/{hub}/impact/",
}
_ATTRIBUTES = """
UPDATE cmdb_configurationitem
SET attributes = jsonb_build_object('room', 'room ' || (id % 40), 'serial_number', 'S' || id)
WHERE identifier LIKE 'bench-%'
"""
_VERSIONS = """
INSERT INTO cmdb_itemversion (item_id, identifier, name, ci_class_id, status_id, business_system_id, attributes,
    valid, recorded, sources, authority, reference, reason, carried)
SELECT id, identifier, name, ci_class_id, status_id, business_system_id, attributes,
    tstzrange(now() - interval '30 days', NULL), tstzrange(now() - interval '30 days', NULL),
    '{}', 'first', '', '', false
FROM cmdb_configurationitem WHERE identifier LIKE 'bench-%'
"""
_OLD = """
INSERT INTO cmdb_itemversion (item_id, identifier, name, ci_class_id, status_id, business_system_id, attributes,
    valid, recorded, sources, authority, reference, reason, carried)
SELECT i.id, i.identifier, i.name || ' ' || n, i.ci_class_id, i.status_id, i.business_system_id, i.attributes,
    tstzrange(now() - interval '900 days' + n * interval '1 day', NULL),
    tstzrange(now() - interval '900 days' + n * interval '1 day', now() - interval '899 days' + n * interval '1 day'),
    '{}', 'first', '', '', false
FROM (SELECT * FROM cmdb_configurationitem WHERE identifier LIKE 'bench-%%') i, generate_series(1, %s) n
"""


def handlers() -> dict[str, Callable[..., Any]]:
    """What the parent asks: see ``bench.child``."""
    return {"prepare": prepare, "measure": measure, "versions": versions}


def prepare(items: int) -> dict[str, Any]:
    """Fill the record with so many items, somewhat more relations, and their first versions."""
    began, chance = time.perf_counter(), random.Random(SEED)  # noqa: S311 - the same data every time
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL session_replication_role = replica")
        keys = copy_items(items)
        copy_rows(Relation, list(relations_between(keys, chance)))
        cursor.execute(_ATTRIBUTES)
        cursor.execute(_VERSIONS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"seconds": round(time.perf_counter() - began, 1), "relations": Relation.objects.count()}


def measure(rounds: int) -> dict[str, Any]:
    """The medians of each page in ms with its number of statements, and of an import of some rows in seconds."""
    user = _agent()
    client = Client(SERVER_NAME="localhost", headers={"Accept-Language": "en"})
    client.force_login(user)
    made = ConfigurationItem.objects.filter(identifier__startswith="bench-")
    keys = list(made.order_by("pk").values_list("pk", flat=True))
    places = {"key": keys[-1], "hub": keys[len(keys) // 50], "then": "2099-01-01"}
    found: dict[str, Any] = {}
    for name, address in PAGES.items():
        url = address.format(**places)
        times = []
        for _round in range(rounds + 2):
            began = time.perf_counter()
            response = client.get(url)
            times.append((time.perf_counter() - began) * 1000)
            if response.status_code != 200:
                raise RuntimeError(f"{url} answered {response.status_code}.")
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        found[name] = {"ms": round(statistics.median(times[2:]), 1), "statements": len(captured)}
    return found | {"import": {"ms": _import(user), "rows": IMPORTED}}


def _agent() -> User:
    return User.objects.with_access().filter(username__startswith="bench-agent-").order_by("pk")[0]


def _import(user: User) -> float:
    """The time that an import of new items takes, checks and all."""
    mark = f"new-{time.time_ns()}"
    facts = {"ci_class": "server", "status": "in_use"}
    rows = [(n + 2, {"identifier": f"{mark}-{n}", "name": f"new {n}", **facts}) for n in range(IMPORTED)]
    began = time.perf_counter()
    Importer(by=user, name=mark).run(rows, ())
    return round((time.perf_counter() - began) * 1000, 1)


def versions(of_each: int, writes: int = 100) -> dict[str, Any]:
    """Give every item so many old versions besides; what a write of one item takes before and after."""
    before = _write(writes, "a")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_OLD, [of_each])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cmdb_itemversion")
        cursor.execute("SELECT pg_total_relation_size('cmdb_itemversion') / 1048576")
        size = cursor.fetchone()[0]
    total = ItemVersion.objects.count() + RelationVersion.objects.count()
    return {"versions": total, "MiB": size, "before_ms": before, "after_ms": _write(writes, "b")}


def _write(count: int, mark: str) -> float:
    """The median time of a write of one item, the guard of change control and its version included."""
    times = []
    for item in ConfigurationItem.objects.filter(identifier__startswith="bench-").order_by("?")[:count]:
        began = time.perf_counter()
        update_item(item=item, facts={"name": f"{item.name} {mark}"}, stamp=Stamp(source="bench", trusted=True))
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 2)
