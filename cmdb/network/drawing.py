"""The graph around an item: what is opened, every edge between what is shown, and how much is folded behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem
from cmdb.network.answers import STATES, allowed_for
from cmdb.network.graph import Edge, Graph
from cmdb.network.impact import BUDGET_SECONDS, baseline, by_key
from cmdb.network.reading import graph_at
from cmdb.pages import item_url, seen_items
from cmdb.services import items_at
from cmdb.versioning.moments import Moment

#: More is not drawn: a picture of a thousand boxes tells nothing.
MOST = 150
#: What apps above tell of items on the picture: (keys, reader) -> {key: [{label, count, code}]}.
Marks = Callable[[Collection[int], User], dict[int, list[dict[str, Any]]]]
_marks: list[Marks] = []


def register_marks(provider: Marks) -> None:
    """Let an app above mark items on the graph: their open tickets with counts (CMDB-09)."""
    if provider not in _marks:
        _marks.append(provider)


def marks_of(keys: Collection[int], user: User) -> dict[int, list[dict[str, Any]]]:
    """What apps above tell of items."""
    found: dict[int, list[dict[str, Any]]] = {}
    for provider in _marks:
        for key, marks in provider(keys, user).items():
            found.setdefault(key, []).extend(marks)
    return found


@dataclass
class Node:
    """A box: ``folded`` neighbours are not shown."""

    key: int
    code: str
    name: str
    class_code: str
    class_name: str
    state: str
    url: str
    folded: int
    opened: bool = False
    root: bool = False
    marks: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Bundle:
    """The neighbours of an opened item of one class that do not fit, as one box; ``url`` lists them."""

    parent: int
    class_code: str
    class_name: str
    count: int
    url: str


@dataclass
class Line:
    """An arrow from the first item of a relation to the second; ``sure``: it was confirmed lately."""

    key: int
    source: int
    target: int
    label: str
    group: str
    sure: bool


@dataclass
class Drawing:
    """What is drawn. ``partial``: not all neighbours of what is opened fit; the others stand in ``bundles``.

    ``cut``: time ran out before the relations were read.
    """

    root: int
    nodes: list[Node] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    partial: bool = False
    cut: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the picture; keys say what they are keys of."""
        nodes = [{**vars(node), "id": f"item-{node.key}"} for node in self.nodes]
        lines = [
            {
                "id": f"relation-{line.key}",
                "source": f"item-{line.source}",
                "target": f"item-{line.target}",
                "label": line.label + (f" [{line.group}]" if line.group else ""),
                "sure": line.sure,
            }
            for line in self.lines
        ]
        bundles = [
            {**vars(row), "id": f"bundle-{row.parent}-{row.class_code}", "parent": f"item-{row.parent}"}
            for row in self.bundles
        ]
        told = {"root": self.root, "nodes": nodes, "edges": lines, "bundles": bundles}
        return {**told, "opened": self.opened, "partial": self.partial, "cut": self.cut}

    @property
    def marked(self) -> list[Node]:
        """The boxes of which apps above tell something."""
        return [node for node in self.nodes if node.marks]

    def table(self) -> list[dict[str, Any]]:
        """The same as a table: each arrow with its ends."""
        names = {node.key: node for node in self.nodes}
        return [{"line": line, "source": names[line.source], "target": names[line.target]} for line in self.lines]


def drawing_of(item: ConfigurationItem, opened: Iterable[int], user: User, moment: Moment) -> Drawing:
    """The item with its neighbours, and the neighbours of each of ``opened``, as far as the person sees them."""
    allowed = allowed_for(user, moment)
    graph = graph_at(moment, BUDGET_SECONDS)
    unfolding = Unfolding(graph, item.pk, allowed, lambda keys: _classes_of(keys, user, moment))
    for key in (item.pk, *opened):
        unfolding.open(key)
    shown = list(unfolding.shown)
    edges = _edges_between(graph, shown)
    known = Definitions(moment.defined_at)
    seen = seen_items(shown, user, moment, known)
    states = by_key(graph, baseline(graph))
    marks = marks_of(shown, user) if moment.is_now else {}
    nodes = [_node(unfolding, key, seen[key], states, marks.get(key, []), moment) for key in shown if key in seen]
    bundles = unfolding.bundles()
    types = {code: row.name for code, row in known.relation_types.items()}
    lines = [_line(edge, types, graph) for edge in edges if edge.dependent in seen and edge.provider in seen]
    opened_keys = [key for key in unfolding.opened if key != item.pk]
    return Drawing(item.pk, nodes, lines, _named(bundles, moment, known), opened_keys, bool(bundles), graph.unread)


def _classes_of(keys: Collection[int], user: User, moment: Moment) -> dict[int, str]:
    column = "pk" if moment.is_now else "item_id"
    found = items_at(moment, user).filter(**{f"{column}__in": list(keys)})
    return dict(found.values_list(column, "ci_class_id"))


def _named(bundles: dict[tuple[int, str], int], moment: Moment, known: Definitions) -> list[Bundle]:
    return [
        Bundle(parent, code, known.classes[code].name, count, f"{item_url(parent, moment)}#relations")
        for (parent, code), count in bundles.items()
    ]


class Unfolding:
    """What is shown around ``root``, in order, and what of it is ``opened``.

    Where the neighbours of an item do not all fit, the rarer classes are shown one by one, the others as bundles.
    """

    def __init__(
        self,
        graph: Graph,
        root: int,
        allowed: set[int] | None,
        classes_of: Callable[[Collection[int]], dict[int, str]],
    ) -> None:
        self.graph, self.root, self.allowed = graph, root, allowed
        self.shown: dict[int, None] = {root: None}
        self.opened: list[int] = []
        self._classes_of = classes_of
        self._class: dict[int, str] = {}

    def neighbours(self, key: int) -> list[int]:
        """What hangs together with an item, as far as the reader may know of it."""
        found = self.graph.beside(key)
        return found if self.allowed is None else [other for other in found if other in self.allowed]

    def open(self, key: int) -> None:
        """Show the neighbours of something that is shown, as far as they fit."""
        if key not in self.shown or key in self.opened:
            return
        self.opened.append(key)
        new = [other for other in self.neighbours(key) if other not in self.shown]
        if len(self.shown) + len(new) > MOST:
            new = self._rarer(new)
        self.shown.update(dict.fromkeys(new))

    def _rarer(self, keys: list[int]) -> list[int]:
        """Those of ``keys`` whose classes fit whole, the smallest first."""
        by_class: dict[str, list[int]] = {}
        for key, code in self._classes_of(keys).items():
            self._class[key] = code
            by_class.setdefault(code, []).append(key)
        fitting: list[int] = []
        for members in sorted(by_class.values(), key=len):
            if len(self.shown) + len(fitting) + len(members) > MOST:
                break
            fitting += members
        return fitting

    def bundles(self) -> dict[tuple[int, str], int]:
        """How many neighbours of each class of what is opened are not shown."""
        found: dict[tuple[int, str], int] = {}
        for key in self.opened:
            for other in self.neighbours(key):
                if other not in self.shown and other in self._class:
                    place = (key, self._class[other])
                    found[place] = found.get(place, 0) + 1
        return found


def _edges_between(graph: Graph, shown: Iterable[int]) -> list[Edge]:
    """Every edge between shown items, to themselves too."""
    known = set(shown)
    found: dict[int, Edge] = {}
    for key in known:
        for edge in (*graph.needs(key), *graph.loose(key)):
            if edge.dependent in known and edge.provider in known:
                found[edge.relation] = edge
    return list(found.values())


def _node(
    unfolding: Unfolding, key: int, row: Any, states: dict[int, int], marks: list[dict[str, Any]], moment: Moment
) -> Node:
    return Node(
        key=key,
        code=row.identifier,
        name=row.name,
        class_code=row.ci_class_id,
        class_name=row.ci_class.name,
        state="away" if unfolding.graph.is_away(key) else STATES[states.get(key, 0)],
        url=item_url(key, moment),
        folded=len(set(unfolding.neighbours(key)) - unfolding.shown.keys()),
        opened=key in unfolding.opened,
        root=key == unfolding.root,
        marks=marks,
    )


def _line(edge: Edge, types: dict[str, str], graph: Graph) -> Line:
    ends = (edge.dependent, edge.provider) if edge.forward else (edge.provider, edge.dependent)
    fresh = edge.confirmed >= graph.sure_since(edge.kind)
    group = f"{edge.group} {edge.needed}" if edge.group else ""
    return Line(edge.relation, *ends, types.get(edge.kind, edge.kind), group, fresh)
