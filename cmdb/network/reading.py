"""Graphs from the database: one per process, brought up to date by what changed, and the last ones of the past.

Every write raises a number in the database (``GraphState``); who has an older one reads what changed since, and
nothing else. A transaction that wrote itself gets a graph of its own, so that nothing uncommitted is ever remembered.
"""

from __future__ import annotations

import ctypes
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import BigIntegerField, Case, F, QuerySet, TextField, When
from django.db.models.functions import Cast, Extract

from cmdb.authority import AWAY
from cmdb.definitions import as_defined
from cmdb.models import Affects, ConfigurationItem, ItemVersion, Relation, RelationType, RelationTypeVersion
from cmdb.network.graph import EMPTY, Graph, Numbers, Relations, Types
from cmdb.services import relations_at
from cmdb.versioning.moments import NOW, Moment
from cmdb.versioning.numbers import is_numbered_later, written_after

REMEMBERED = 1
State = tuple[Any, int, int]


class Reading(NamedTuple):
    """A graph that is being read, or was; ``since``: when that began."""

    graph: Future[Graph]
    since: float


def graph_at(moment: Moment = NOW, patience: float | None = None) -> Graph:
    """The graph as of a moment, for whoever has ``patience``: where it has been read for longer, an ``unread`` one.

    So a page that asks thrice waits once. Nobody waits for one that is read already.
    """
    while True:
        with _lock:
            state, own = _state()
            reading = None if own else _current(state) if moment.is_now else _then(moment, state)
        if reading is None:
            return build(moment)
        left = None if patience is None else max(0.0, reading.since + patience - monotonic())
        try:
            graph = reading.graph.result(left)
        except TimeoutError:
            return replace(EMPTY, unread=True)
        if graph.stands[0] == state[0] and graph.stands[1] >= state[1]:
            return graph


def build(moment: Moment = NOW) -> Graph:
    """Read the whole graph as of a moment."""
    types = _types(moment)
    if moment.is_now:
        relations = _relations(Relation.objects.filter(active=True), "pk", F("confirmed_at"))
        away = set(ConfigurationItem.objects.filter(status__in=AWAY).values_list("pk", flat=True))
        graph = EMPTY
    else:
        relations = _relations(relations_at(moment), "relation_id", _confirmed_then(moment.known_at))
        versions = ItemVersion.objects.at(moment.so_at, moment.known_at)
        away = set(versions.filter(status__in=AWAY).values_list("item_id", flat=True))
        graph = replace(EMPTY, so_at=moment.so_at.timestamp())
    return graph.altered(np.empty(0, np.int64), relations, types, dict.fromkeys(away, True))


def _types(moment: Moment = NOW) -> Types:
    """How each type carries failures, or did then."""
    rows = as_defined(RelationType.objects.all(), RelationTypeVersion, moment.defined_at)
    return Types(
        backward=frozenset(row.code for row in rows if row.affects == Affects.TARGET),
        loose=frozenset(row.code for row in rows if row.affects == Affects.NONE),
        sure_days={row.code: row.sure_for_days for row in rows if row.sure_for_days},
    )


def _confirmed_then(known_at: datetime | None) -> Any:
    """When a relation was confirmed last, as known then: kept are the last time of all, and when it was written."""
    if known_at is None:
        return F("relation__confirmed_at")
    by_then = When(relation__confirmed_at__lte=known_at, then=F("relation__confirmed_at"))
    return Case(by_then, default=F("recorded__startswith"))


def _relations(found: QuerySet[Any], key: str, confirmed: Any) -> Relations:
    """``found`` by columns. Their numbers come as texts: an object for each would weigh ten times as much."""
    at = Cast(Extract(confirmed, "epoch", tzinfo=UTC), BigIntegerField())
    columns = (key, "source_id", "target_id", "needed", at)
    texts = [Cast(ArrayAgg(column), TextField()) for column in columns]
    named = {f"column_{number}": text for number, text in enumerate(texts)}
    rows = list(found.order_by().values_list("relation_type_id", "group").annotate(**named))
    runs = [(kind, group, first.count(",") + 1) for kind, group, first, *_others in rows]
    return Relations(runs, *(numbers_in([row[place] for row in rows]) for place in range(2, 2 + len(columns))))


def numbers_in(arrays: list[str]) -> Numbers:
    """The numbers in arrays as PostgreSQL writes them, one after another."""
    return np.fromstring(",".join(text[1:-1] for text in arrays), np.int64, sep=",")


def _state() -> tuple[State, bool]:
    """The number of the graph as this transaction sees it, and whether this transaction itself wrote it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT born, version, xid, xid = coalesce(pg_current_xact_id_if_assigned()::text::bigint, 0)"
            " FROM cmdb_graphstate"
        )
        found = cursor.fetchone()
    if found is None:
        return (None, 0, 0), connection.in_atomic_block
    return (found[0], found[1], found[2]), found[3] or is_numbered_later()


_lock = Lock()
_reader = ThreadPoolExecutor(1, "graph")
_known: dict[Any, Reading] = {}


def _reading(key: Any, moment: Moment) -> Reading:
    """The graph remembered under ``key``, or the reading of it, which goes on when nobody waits for it any more."""
    found = _known.get(key)
    if found is None or (found.graph.done() and found.graph.exception()):
        _known[key] = Reading(_reader.submit(_read, moment), monotonic())
    return _known[key]


def _read(moment: Moment) -> Graph:
    """For the thread that reads. What it took beside the graph, twice as much, it gives back to the system."""
    try:
        state, _own = _state()  # first: the graph may be newer than its number, never older
        return replace(build(moment), stands=state)
    finally:
        connection.close()
        _give_back()


def _give_back() -> None:
    """Give memory that is free to the system."""
    with suppress(AttributeError):  # glibc alone has it
        ctypes.CDLL(None).malloc_trim(0)


def forget() -> None:
    """Remember no graph: for programs that ask rarely, and would weigh more than what reading it again costs."""
    with _lock:
        _known.clear()
    _give_back()


def _current(state: State) -> Reading:
    found = _reading(NOW, NOW)
    if not found.graph.done() or found.graph.result().stands == state:
        return found
    graph = found.graph.result()
    del _known[NOW]
    if graph.stands[0] != state[0] or graph.stands[1] > state[1]:  # of another database
        return _reading(NOW, NOW)
    _known[NOW] = Reading(Future(), found.since)
    _known[NOW].graph.set_result(replace(_caught_up(graph), stands=state))
    return _known[NOW]


def _caught_up(graph: Graph) -> Graph:
    """``graph`` with what changed since the number that it has."""
    written = written_after(graph.stands[1])
    changed = Relation.objects.filter(written)
    dropped = np.array(list(changed.values_list("pk", flat=True)), np.int64)
    relations = _relations(changed.filter(active=True), "pk", F("confirmed_at"))
    moved = ConfigurationItem.objects.filter(written).values_list("pk", "status_id")
    return graph.altered(dropped, relations, _types(), {key: status in AWAY for key, status in moved})


def _then(moment: Moment, state: State) -> Reading:
    found = _reading((moment, state), moment)
    for key in [key for key in _known if key != NOW][:-REMEMBERED]:
        del _known[key]
    return found
