"""Questions of impact as pages, endpoints and other apps ask them: for a person, about items, at a moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Organisation, User
from accounts.permissions import Permission
from cmdb.definitions import Definitions
from cmdb.models import BusinessSystem, ConfigurationItem, ItemVersion
from cmdb.network import impact
from cmdb.network.graph import Graph, graph_at
from cmdb.network.impact import DEGRADED, DOWN, NEAREST, Reach
from cmdb.services import items_at
from cmdb.versioning.moments import NOW, Moment

SERVICE = "service"
STATES = {0: "ok", DEGRADED: "degraded", DOWN: "down"}


@dataclass(frozen=True)
class Hit:
    """Something affected: an item, a business system or a customer."""

    key: Any
    code: str
    name: str
    state: str
    depth: int = 0
    certain: bool = True
    class_code: str = ""
    status: str = ""


@dataclass
class Impact:
    """The answer. ``items``: the nearest; ``total``: all that were found.

    ``partial``: not all of them are in ``items``; ``cut``: time ran out, so services and customers may miss some, too.
    ``shared``: for customers, whether something that several share is among them; they learn nothing else of it.
    """

    items: list[Hit] = field(default_factory=list)
    services: list[Hit] = field(default_factory=list)
    customers: list[Hit] = field(default_factory=list)
    total: int = 0
    partial: bool = False
    cut: bool = False
    shared: bool = False

    @property
    def down(self) -> int:
        """How many services are down."""
        return sum(hit.state == "down" for hit in self.services)


def allowed_for(user: User, moment: Moment = NOW) -> set[int] | None:
    """Items that the person may know of; None: all."""
    if user.may(Permission.CMDB_VIEW):
        return None
    column = "pk" if moment.is_now else "item_id"
    return set(items_at(moment, user).values_list(column, flat=True))


def impact_of(
    items: Collection[int], user: User, *, up: bool = True, moment: Moment = NOW, limit: int = NEAREST
) -> Impact:
    """What happens to others when ``items`` fail together (``up``), or what they rest on."""
    allowed = allowed_for(user, moment)
    with graph_at(moment) as graph:
        if up:
            reach = impact.failure_of(graph, set(items), allowed=allowed)
        else:
            reach = impact.foundations_of(graph, set(items), allowed=allowed)
        tops = _tops(graph, {**reach.severity, **dict.fromkeys(items, DOWN)}) if up else {}
        beyond = _beyond(graph, {*items, *reach.depth}, allowed, up=up) if allowed is not None else set()
    answer = _told(reach, set(items), tops, user, moment, limit, up=up)
    answer.shared = any_shared(beyond, moment)
    return answer


def _beyond(graph: Graph, reached: set[int], allowed: set[int], *, up: bool) -> set[int]:
    """What hangs together with ``reached`` next, and is hidden."""
    if up:
        ends = {edge.dependent for key in reached for edge in graph.carries.get(key, ())}
    else:
        ends = {edge.provider for key in reached for edge in graph.needs.get(key, ())}
    return ends - allowed


def any_shared(keys: Collection[int], moment: Moment = NOW) -> bool:
    """Whether one of the items belongs to no customer alone."""
    if not keys:
        return False
    if moment.is_now:
        return ConfigurationItem.objects.filter(pk__in=list(keys), organisation=None).exists()
    versions = ItemVersion.objects.at(moment.so_at, moment.known_at)
    return versions.filter(item__in=list(keys), organisation=None).exists()


def systems_down_with(items: Collection[int]) -> set[str]:
    """Codes of the business systems that go down with ``items``: not those that only lose redundancy or a part."""
    if not items:
        return set()
    with graph_at() as graph:
        reach = impact.failure_of(graph, set(items))
        touched = {**reach.severity, **dict.fromkeys(items, DOWN)}
        tops = _tops(graph, touched)
    rows = ConfigurationItem.objects.filter(pk__in=list(touched), business_system__isnull=False)
    states = _states(dict(rows.values_list("pk", "business_system_id")), touched, tops)
    return {code for code, state in states.items() if state == DOWN}


def _tops(graph: Graph, severity: dict[int, int]) -> dict[int, list[int]]:
    """For each affected item, the affected items that rest on it."""
    return {
        key: [edge.dependent for edge in graph.carries.get(key, ()) if edge.dependent in severity] for key in severity
    }


def _told(
    reach: Reach, items: set[int], tops: dict[int, list[int]], user: User, moment: Moment, limit: int, *, up: bool
) -> Impact:
    nearest = reach.nearest(limit)
    answer = Impact(
        total=len(reach.depth), partial=reach.partial or len(nearest) < len(reach.depth), cut=reach.partial
    )
    rows = {row["key"]: row for row in _rows([*nearest, *items], user, moment)}
    answer.items = [_hit(rows[key], reach) for key in nearest if key in rows]
    if up:
        touched = {**reach.severity, **dict.fromkeys(items, DOWN)}
        _add_services(answer, touched, tops, user, moment)
    return answer


def _rows(keys: Iterable[int], user: User, moment: Moment) -> Iterable[dict[str, Any]]:
    column = "pk" if moment.is_now else "item_id"
    found = items_at(moment, user).filter(**{f"{column}__in": list(keys)})
    for row in found.values(column, "identifier", "name", "ci_class_id", "status_id"):
        yield {**row, "key": row[column]}


def _hit(row: dict[str, Any], reach: Reach) -> Hit:
    key = row["key"]
    return Hit(
        key=key,
        code=row["identifier"],
        name=row["name"],
        state=STATES[reach.severity.get(key, 0)],
        depth=reach.depth[key],
        certain=key in reach.certain,
        class_code=row["ci_class_id"],
        status=row["status_id"],
    )


def _add_services(
    answer: Impact, touched: dict[int, int], tops: dict[int, list[int]], user: User, moment: Moment
) -> None:
    """Services and customers behind everything affected, in three queries however much it is."""
    column = "pk" if moment.is_now else "item_id"
    found = items_at(moment, user)
    keys = list(touched)
    if len(keys) < 20_000:
        found = found.filter(**{f"{column}__in": keys})
    columns = (column, "business_system_id", "organisation_id", "ci_class_id", "identifier", "name")
    service_classes = Definitions().below(SERVICE)
    system_of: dict[int, str] = {}
    customers: dict[int, int] = {}
    for key, system, organisation, class_code, identifier, name in found.values_list(*columns).iterator(20_000):
        if key not in touched:
            continue
        if system:
            system_of[key] = system
        if organisation:
            customers[organisation] = max(customers.get(organisation, 0), touched[key])
        if class_code in service_classes:
            answer.services.append(Hit(key, identifier, name, STATES[touched[key]], class_code=class_code))
    answer.services += _systems(system_of, touched, tops)
    answer.services.sort(key=lambda hit: (hit.state != "down", hit.code))
    rows = Organisation.objects.filter(pk__in=customers, kind=Organisation.Kind.CUSTOMER)
    answer.customers = [Hit(row.pk, row.code, row.name, STATES[customers[row.pk]]) for row in rows]


def _states(system_of: dict[int, str], touched: dict[int, int], tops: dict[int, list[int]]) -> dict[str, int]:
    """Business systems: as bad as what of them nothing else of them rests on; degraded when only parts are hit."""
    states: dict[str, int] = {}
    for key, system in system_of.items():
        is_top = not any(system_of.get(other) == system for other in tops.get(key, ()))
        states[system] = max(states.get(system, DEGRADED), touched[key] if is_top else DEGRADED)
    return states


def _systems(system_of: dict[int, str], touched: dict[int, int], tops: dict[int, list[int]]) -> list[Hit]:
    """The systems among ``touched``, and how badly each is hit."""
    states = _states(system_of, touched, tops)
    rows = BusinessSystem.objects.filter(pk__in=states)
    return [Hit(row.pk, row.code, row.name, STATES[states[row.pk]]) for row in rows]
