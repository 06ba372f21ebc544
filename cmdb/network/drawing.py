"""The graph around an item: what is opened, every edge between what is shown, and how much is folded behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import time
from typing import Any

from accounts.models import User
from cmdb.models import ConfigurationItem, RelationType
from cmdb.network.answers import STATES, allowed_for
from cmdb.network.graph import Edge, Graph, graph_at
from cmdb.network.impact import baseline
from cmdb.pages import item_url, seen_items
from cmdb.versioning.moments import Moment

#: More is not drawn: a picture of a thousand boxes tells nothing.
MOST = 150


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
    """What is drawn. ``partial``: not all neighbours of what is opened fit."""

    root: int
    nodes: list[Node] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    partial: bool = False

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
        return {"root": self.root, "nodes": nodes, "edges": lines, "opened": self.opened, "partial": self.partial}

    def table(self) -> list[dict[str, Any]]:
        """The same as a table: each arrow with its ends."""
        names = {node.key: node for node in self.nodes}
        return [{"line": line, "source": names[line.source], "target": names[line.target]} for line in self.lines]


def drawing_of(item: ConfigurationItem, opened: Iterable[int], user: User, moment: Moment) -> Drawing:
    """The item with its neighbours, and the neighbours of each of ``opened``, as far as the person sees them."""
    allowed = allowed_for(user, moment)
    with graph_at(moment) as graph:
        shown, unfolded, partial = _unfold(graph, item.pk, opened, allowed)
        edges = _edges_between(graph, shown)
        seen = seen_items(shown, user, moment)
        states = baseline(graph)
        nodes = [
            _node(graph, key, seen[key], states, shown, allowed, unfolded, item.pk, moment)
            for key in shown
            if key in seen
        ]
        sure = dict(graph.sure_days)
    types = {row.code: row.name for row in RelationType.objects.all()}
    lines = [_line(edge, types, sure) for edge in edges if edge.dependent in seen and edge.provider in seen]
    return Drawing(item.pk, nodes, lines, [key for key in unfolded if key != item.pk], partial)


def _neighbours(graph: Graph, key: int, allowed: set[int] | None) -> list[int]:
    found: dict[int, None] = {}
    for table in (graph.needs, graph.carries, graph.loose):
        for edge in table.get(key, ()):
            other = edge.provider if edge.dependent == key else edge.dependent
            if other != key and (allowed is None or other in allowed):
                found[other] = None
    return list(found)


def _unfold(
    graph: Graph, root: int, opened: Iterable[int], allowed: set[int] | None
) -> tuple[list[int], list[int], bool]:
    """What is shown in order, what of it is opened, and whether something did not fit."""
    shown: dict[int, None] = {root: None}
    unfolded: list[int] = []
    partial = False
    for key in (root, *opened):
        if key not in shown or key in unfolded:
            continue
        unfolded.append(key)
        for other in _neighbours(graph, key, allowed):
            if len(shown) >= MOST:
                partial = partial or other not in shown
                break
            shown[other] = None
    return list(shown), unfolded, partial


def _edges_between(graph: Graph, shown: Iterable[int]) -> list[Edge]:
    """Every edge between shown items, to themselves too."""
    known = set(shown)
    found: dict[int, Edge] = {}
    for key in known:
        for table in (graph.needs, graph.loose):
            for edge in table.get(key, ()):
                if edge.dependent in known and edge.provider in known:
                    found[edge.relation] = edge
    return list(found.values())


def _node(
    graph: Graph,
    key: int,
    row: Any,
    states: dict[int, int],
    shown: list[int],
    allowed: set[int] | None,
    unfolded: list[int],
    root: int,
    moment: Moment,
) -> Node:
    return Node(
        key=key,
        code=row.identifier,
        name=row.name,
        class_code=row.ci_class_id,
        class_name=row.ci_class.name,
        state="away" if key in graph.away else STATES[states.get(key, 0)],
        url=item_url(key, moment),
        folded=len(set(_neighbours(graph, key, allowed)) - set(shown)),
        opened=key in unfolded,
        root=key == root,
    )


def _line(edge: Edge, types: dict[str, str], sure: dict[str, int]) -> Line:
    ends = (edge.dependent, edge.provider) if edge.forward else (edge.provider, edge.dependent)
    limit = sure.get(edge.kind)
    fresh = limit is None or edge.confirmed >= time() - 86_400 * limit
    group = f"{edge.group} {edge.needed}" if edge.group else ""
    return Line(edge.relation, *ends, types.get(edge.kind, edge.kind), group, fresh)
