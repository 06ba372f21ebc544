"""Keeps the single points of failure of every service current: reckoned anew where what it rests on changed."""

from __future__ import annotations

from datetime import datetime
from time import monotonic

from cmdb.authority import AWAY
from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem, GraphState, Relation, SinglePoints
from cmdb.network.answers import SERVICE
from cmdb.network.impact import above_any, single_points
from cmdb.network.reading import graph_at
from cmdb.versioning.numbers import written_after

#: One round takes no longer, so that it holds up neither the next one nor other work of the worker.
ROUND_SECONDS = 20.0


def services() -> set[int]:
    """Keys of the services that run."""
    found = ConfigurationItem.objects.filter(ci_class__in=Definitions().below(SERVICE))
    return set(found.exclude(status__in=AWAY).values_list("pk", flat=True))


def keep_single_points(now: datetime, seconds: float = ROUND_SECONDS) -> int:
    """Reckon anew what is stale, what waits longest first, for at most ``seconds``; return how many services.

    Safe to call at any time and twice at once: each answer replaces the one before it.
    """
    version, wanted = _version(), services()  # before the graph is read, which may be newer, never older
    if not _is_stale(version, wanted):
        return 0
    SinglePoints.objects.exclude(service__in=wanted).delete()
    kept = {row.service_id: row for row in SinglePoints.objects.all()}
    done, deadline = 0, monotonic() + seconds
    graph = graph_at()
    since = min((row.graph_version for row in kept.values()), default=version)
    touched = above_any(graph, changed_since(since)) if since < version else set()
    lost = {key for key, row in kept.items() if row.graph_version > version}  # of another database
    stale = (wanted - kept.keys()) | (touched & wanted) | lost
    for key in sorted(stale, key=lambda key: kept[key].graph_version if key in kept else -1):
        if monotonic() > deadline:
            break
        items, partial = single_points(graph, key)
        _store(key, items, partial, now, version)
        stale = stale - {key}
        done += 1
    fresh = SinglePoints.objects.filter(service__in=wanted - stale, graph_version__lt=version)
    fresh.update(graph_version=version, reckoned_at=now)
    return done


def _version() -> int:
    return GraphState.objects.values_list("version", flat=True).first() or 0


def _is_stale(version: int, wanted: set[int]) -> bool:
    kept = SinglePoints.objects.values_list("service_id", "graph_version")
    return {key for key, number in kept if number == version} != wanted or len(kept) != len(wanted)


def changed_since(version: int) -> set[int]:
    """Ends of relations, and items, that changed after ``version`` of the graph."""
    written = written_after(version)
    ends = {end for pair in Relation.objects.filter(written).values_list("source_id", "target_id") for end in pair}
    return ends | set(ConfigurationItem.objects.filter(written).values_list("pk", flat=True))


def _store(key: int, items: list[int], partial: bool, now: datetime, version: int) -> None:
    said = {"items": items, "count": len(items), "partial": partial, "reckoned_at": now, "graph_version": version}
    SinglePoints.objects.update_or_create(service_id=key, defaults=said)
