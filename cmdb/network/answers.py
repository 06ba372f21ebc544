"""Questions of impact as pages, endpoints and other apps ask them: for a person, about items, at a moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from accounts.models import Organisation, User
from accounts.permissions import Permission
from cmdb.definitions import Definitions, as_defined
from cmdb.models import BusinessSystem, BusinessSystemVersion, ConfigurationItem, ItemVersion
from cmdb.network import impact
from cmdb.network.graph import Graph, Numbers
from cmdb.network.impact import BUDGET_SECONDS, NEAREST, Reach
from cmdb.network.reading import graph_at, numbers_in
from cmdb.network.walking import DEGRADED, DOWN
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
    items: Collection[int],
    user: User,
    *,
    up: bool = True,
    moment: Moment = NOW,
    limit: int = NEAREST,
    nearest: bool = False,
) -> Impact:
    """What happens to others when ``items`` fail together (``up``), or what they rest on.

    ``nearest``: only the nearest affected items, sooner; services and customers are not looked for.
    """
    allowed = allowed_for(user, moment)
    graph = graph_at(moment, BUDGET_SECONDS)
    asked = impact.failure_of if up else impact.foundations_of
    reach = asked(graph, set(items), allowed=allowed)
    beyond: set[int] = set()
    if allowed is not None:
        beyond = impact.beside_any(graph, [*items, *reach.keys.tolist()], up=up) - allowed
    answer = _told(reach, set(items), user, moment, limit)
    if up and not nearest:
        _add_services(answer, Touched(reach, items), graph, user, moment)
    answer.shared = any_shared(beyond, moment)
    return answer


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
    graph = graph_at()
    touched = Touched(impact.failure_of(graph, set(items)), items)
    rows = ConfigurationItem.objects.filter(pk__in=touched.keys.tolist(), business_system__isnull=False)
    found = rows.order_by().values_list("business_system_id").annotate(keys=Cast(ArrayAgg("pk"), TextField()))
    states = _systems_hit({system: [numbers_in([keys])] for system, keys in found}, touched, graph)
    return {code for code, state in states.items() if state == DOWN}


class Touched:
    """What is affected, and what fails itself, with states; by key."""

    def __init__(self, reach: Reach, failed: Collection[int]) -> None:
        own = np.array(sorted(set(failed)), np.int64)
        keys, states = np.concatenate([reach.keys, own]), np.concatenate([reach.states, np.full(len(own), DOWN)])
        order = np.argsort(keys)
        self.keys = keys[order]
        self._places, self._states = np.append(self.keys, -1), np.append(states[order], 0)

    def states(self, keys: Numbers) -> Numbers:
        """How each of ``keys`` is affected; 0: not at all."""
        places = np.searchsorted(self.keys, keys)
        places[self._places[places] != keys] = len(self.keys)
        return self._states[places]


def _told(reach: Reach, items: set[int], user: User, moment: Moment, limit: int) -> Impact:
    """The nearest by name; names are read of those only."""
    first = reach.first(limit)
    answer = Impact(total=len(reach), partial=reach.partial or len(first) < len(reach), cut=reach.partial)
    nearest = first.keys.tolist()
    rows = {row["key"]: row for row in _rows([*nearest, *items], user, moment)}
    answer.items = [_hit(rows[key], first) for key in nearest if key in rows]
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


def _add_services(answer: Impact, touched: Touched, graph: Graph, user: User, moment: Moment) -> None:
    """Services and customers behind everything affected, in three queries however much it is."""
    parts: dict[str, list[Numbers]] = {}
    customers: dict[int, int] = {}
    for system, organisation, class_code, keys, codes, names in _grouped(touched.keys, user, moment):
        states = touched.states(keys)
        if not states.any():
            continue
        if system:
            parts.setdefault(system, []).append(keys[states > 0])
        if organisation:
            customers[organisation] = max(customers.get(organisation, 0), int(states.max()))
        services = zip(keys.tolist(), codes or (), names or (), states.tolist(), strict=False)
        answer.services += [
            Hit(key, code, name, STATES[state], class_code=class_code) for key, code, name, state in services if state
        ]
    answer.services += _systems(_systems_hit(parts, touched, graph), moment)
    answer.services.sort(key=lambda hit: (hit.state != "down", hit.code))
    rows = Organisation.objects.filter(pk__in=customers, kind=Organisation.Kind.CUSTOMER)
    answer.customers = [Hit(row.pk, row.code, row.name, STATES[customers[row.pk]]) for row in rows]


def _grouped(touched: Numbers, user: User, moment: Moment) -> Iterable[Any]:
    """(system, organisation, class, keys, identifiers, names) of items; identifiers and names of services only.

    One row for all items that are alike: a hundred thousand rows cost more than the walk that found them.
    """
    column = "pk" if moment.is_now else "item_id"
    found = items_at(moment, user).order_by()
    if len(touched) < 20_000:
        found = found.filter(**{f"{column}__in": touched.tolist()})
    served = Q(ci_class__in=Definitions(moment.defined_at).below(SERVICE))
    rows = found.values_list("business_system_id", "organisation_id", "ci_class_id").annotate(
        keys=Cast(ArrayAgg(column), TextField()),
        codes=ArrayAgg("identifier", filter=served),
        names=ArrayAgg("name", filter=served),
    )
    return ((*row[:3], numbers_in([row[3]]), *row[4:]) for row in rows)


def _systems_hit(parts: Mapping[str, Sequence[Numbers]], touched: Touched, graph: Graph) -> dict[str, int]:
    """How badly each business system is hit of which these ``parts`` are: as badly as what of it nothing else of it
    rests on; degraded when only parts are.
    """
    if not parts:
        return {}
    each = [np.concatenate(keys) for keys in parts.values()]
    keys, of = np.concatenate(each), np.repeat(np.arange(len(each)), [len(keys) for keys in each])
    top = ~impact.resting_inside(graph, keys, of)
    down = set(of[top & (touched.states(keys) == DOWN)].tolist())
    return {code: DOWN if number in down else DEGRADED for number, code in enumerate(parts)}


def _systems(states: Mapping[str, int], moment: Moment) -> list[Hit]:
    rows = as_defined(BusinessSystem.objects.filter(pk__in=states), BusinessSystemVersion, moment.defined_at)
    return [Hit(row.pk, row.code, row.name, STATES[states[row.pk]]) for row in rows]
