"""The relations in memory: who needs whom, by plain lists. One per process, brought up to date edge by edge.

Some 300 bytes an edge: see docs/cmdb.md for what a process weighs that answers questions of impact. Every write
raises a number in the database (``GraphState``); a process that has an older one reads what changed since, and nothing
else. A transaction that wrote itself gets a graph of its own, so that nothing uncommitted is ever remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F

from cmdb.models import Affects, ConfigurationItem, ItemVersion, Relation, RelationType
from cmdb.services import relations_at
from cmdb.versioning.moments import NOW, Moment

#: In these states an item serves nobody.
AWAY = frozenset({"planned", "in_stock", "in_maintenance", "retired"})
REMEMBERED = 2


class Edge(NamedTuple):
    """``dependent`` needs ``provider``, alone or as one of ``needed`` of ``group``; ``forward``: it is the source."""

    relation: int
    dependent: int
    provider: int
    group: str
    needed: int
    confirmed: float
    kind: str
    forward: bool


class Graph:
    """Who needs whom. ``needs`` and ``carries`` by item; ``loose``: what carries no failure; ``away``: down."""

    def __init__(self) -> None:
        self.needs: dict[int, list[Edge]] = {}
        self.carries: dict[int, list[Edge]] = {}
        self.loose: dict[int, list[Edge]] = {}
        self.away: set[int] = set()
        self.stands: tuple[Any, int, int] = (None, 0, 0)
        self.sure_days: dict[str, int] = {}
        #: By type, when the relation was confirmed that was confirmed longest ago, as far as is known.
        self.oldest: dict[str, float] = {}
        self.baseline: dict[int, int] | None = None
        self._affects: dict[str, str] = {}

    def load_types(self) -> None:
        """Read how each type carries failures."""
        rows = list(RelationType.objects.all())
        self._affects = {row.code: row.affects for row in rows}
        self.sure_days = {row.code: row.sure_for_days for row in rows if row.sure_for_days}

    def add(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take in relations: (id, type, source, target, group, needed, confirmed)."""
        for key, kind, source, target, group, needed, confirmed in rows:
            affects = self._affects[kind]
            forward = affects != Affects.TARGET
            ends = (source, target) if forward else (target, source)
            at = confirmed.timestamp() if confirmed else 0.0
            edge = Edge(key, *ends, group, needed, at, kind, forward)
            self.oldest[kind] = min(at, self.oldest.get(kind, at))
            if affects == Affects.NONE:
                self.loose.setdefault(source, []).append(edge)
                self.loose.setdefault(target, []).append(edge)
            else:
                self.needs.setdefault(edge.dependent, []).append(edge)
                self.carries.setdefault(edge.provider, []).append(edge)

    def may_be_stale(self, now: float) -> bool:
        """Whether some relation was confirmed longer ago than its type is sure for. ``now``: seconds (Unix)."""
        return any(self.oldest.get(kind, now) < now - days * 86_400 for kind, days in self.sure_days.items())

    def forget(self, key: int, ends: Collection[int]) -> None:
        """Drop a relation between ``ends``."""
        for table in (self.needs, self.carries, self.loose):
            for end in ends:
                if end in table:
                    table[end] = [edge for edge in table[end] if edge.relation != key]

    @property
    def size(self) -> int:
        """How many relations it has that carry failures."""
        return sum(map(len, self.needs.values()))


_COLUMNS = ("pk", "relation_type_id", "source_id", "target_id", "group", "needed", "confirmed_at")


def build(moment: Moment = NOW) -> Graph:
    """Read the whole graph as of a moment."""
    graph = Graph()
    graph.load_types()
    if moment.is_now:
        graph.add(Relation.objects.filter(active=True).values_list(*_COLUMNS).iterator(20_000))
        graph.away = set(ConfigurationItem.objects.filter(status__in=AWAY).values_list("pk", flat=True))
        return graph
    then = relations_at(moment).annotate(confirmed_at=F("relation__confirmed_at"))
    graph.add(then.values_list("relation_id", *_COLUMNS[1:]).iterator(20_000))
    away = ItemVersion.objects.at(moment.so_at, moment.known_at).filter(status__in=AWAY)
    graph.away = set(away.values_list("item_id", flat=True))
    return graph


_lock = RLock()
_now: list[Graph] = []
_past: OrderedDict[Any, Graph] = OrderedDict()


def _state() -> tuple[tuple[Any, int, int], bool]:
    """The number of the graph as this transaction sees it, and whether this transaction itself wrote it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT born, version, xid, xid = coalesce(pg_current_xact_id_if_assigned()::text::bigint, 0)"
            " FROM cmdb_graphstate"
        )
        found = cursor.fetchone()
    return ((found[0], found[1], found[2]), found[3]) if found else ((None, 0, 0), connection.in_atomic_block)


@contextmanager
def graph_at(moment: Moment = NOW) -> Iterator[Graph]:
    """The graph as of a moment. One question at a time: a question is short, and answers stay exact."""
    state, own = _state()
    if own:
        yield build(moment)
        return
    with _lock:
        yield _current(state) if moment.is_now else _then(moment, state)


def _current(state: tuple[Any, int, int]) -> Graph:
    if not _now or _now[0].stands[0] != state[0] or _now[0].stands[1] > state[1]:
        _now[:] = [build()]
    elif _now[0].stands != state:
        _catch_up(_now[0])
    _now[0].stands = state
    return _now[0]


def _catch_up(graph: Graph) -> None:
    """Read what changed since the number that ``graph`` has."""
    graph.load_types()
    since = graph.stands[1]
    changed = Relation.objects.filter(graph_version__gt=since)
    for row in changed.only("pk", "source_id", "target_id"):
        graph.forget(row.pk, (row.source_id, row.target_id))
    graph.add(changed.filter(active=True).values_list(*_COLUMNS))
    moved = ConfigurationItem.objects.filter(graph_version__gt=since).values_list("pk", "status_id")
    for key, status in moved:
        (graph.away.add if status in AWAY else graph.away.discard)(key)
    graph.baseline = None


def _then(moment: Moment, state: tuple[Any, int, int]) -> Graph:
    key = (moment, state)
    if key not in _past:
        _past[key] = build(moment)
        while len(_past) > REMEMBERED:
            _past.popitem(last=False)
    return _past[key]
