"""Where the states and steps of a process are drawn: geometry only, the template draws it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import sqrt

from reports.flow.process import Arrow, Process, Stay

WIDE, HIGH = 168, 66
ACROSS, DOWN = 284, 176
#: So many steps are drawn, the most frequent; every one stands in the table.
MOST_ARROWS = 18
#: How far a curve bends for each column that it passes over.
BEND, HIGHEST = 46, 118
#: So many columns fit a page; a longer process is wider than it.
FITTING = 6
#: How far from the corner a curve leaves below.
INSET = 36
THICKEST = 7


@dataclass(frozen=True)
class Node:
    """A state with its corner."""

    stay: Stay
    x: float
    y: float

    @property
    def middle(self) -> float:
        """Its middle, across."""
        return self.x + WIDE / 2


@dataclass(frozen=True)
class Edge:
    """A step: its curve as an SVG path, its label's place and its thickness; ``gap``: between the label's lines."""

    arrow: Arrow
    path: str
    x: float
    y: float
    width: float
    gap: int = 15


@dataclass(frozen=True)
class Map:
    """The drawing, with its view box and how many steps it leaves out."""

    nodes: list[Node]
    edges: list[Edge]
    view_box: str
    width: int
    is_long: bool
    left_out: int
    tones: tuple[str, ...] = ("steady", "back", "odd")


def map_of(process: Process) -> Map:
    """The usual way from left to right, what leaves it below; thicker is more frequent."""
    nodes = _places(process)
    drawn = [arrow for arrow in process.arrows if arrow.target in nodes and arrow.source in {*nodes, ""}]
    shown = drawn[:MOST_ARROWS]
    most = max((arrow.moves for arrow in shown), default=1)
    edges = [_edge(arrow, nodes, 1.2 + THICKEST * sqrt(arrow.moves / most)) for arrow in shown]
    right = max((node.x for node in nodes.values()), default=0) + WIDE
    low = max((node.y for node in nodes.values()), default=0) + HIGH
    top = min((edge.y for edge in edges), default=0) - 34
    bottom = max([low, *(edge.y for edge in edges)]) + 24
    box = f"-110 {top:.0f} {right + 130:.0f} {bottom - top:.0f}"
    return Map(
        list(nodes.values()), edges, box, int(right + 130), right > FITTING * ACROSS, len(process.arrows) - len(shown)
    )


def _places(process: Process) -> dict[str, Node]:
    """States of the usual way in a row; any other in the column where most tickets come to it from, below."""
    steps = [state for state in process.kind.steps if state in process.stays]
    nodes = {state: Node(process.stays[state], place * ACROSS, 0) for place, state in enumerate(steps)}
    used: dict[int, int] = defaultdict(int)
    for state, stay in process.stays.items():
        if state not in nodes:
            column = _column(state, process.arrows, steps)
            used[column] += 1
            nodes[state] = Node(stay, column * ACROSS, used[column] * DOWN)
    return nodes


def _column(state: str, arrows: list[Arrow], steps: list[str]) -> int:
    sources = [arrow.source for arrow in arrows if arrow.target == state and arrow.source in steps]
    return steps.index(sources[0]) if sources else max(len(steps) - 1, 0)


def _edge(arrow: Arrow, nodes: dict[str, Node], width: float) -> Edge:
    end = nodes[arrow.target]
    if not arrow.source:
        y = end.y + HIGH / 2
        if end.x == end.y == 0:
            return Edge(arrow, f"M -74 {y} L -8 {y}", -42, y - 12, width)
        return Edge(arrow, f"M {end.x + INSET} {end.y - 46} v 38", end.x + INSET - 16, end.y - 30, width)
    start = nodes[arrow.source]
    if start.y == end.y == 0:
        return _along(arrow, start, end, width)
    return _between(arrow, start, end, width)


def _along(arrow: Arrow, start: Node, end: Node, width: float) -> Edge:
    """On the usual way: straight to the next, over what is passed, and back below."""
    columns = round((end.x - start.x) / ACROSS)
    if columns == 1:
        y = HIGH / 2
        middle = (start.x + WIDE + end.x) / 2 - 4
        return Edge(arrow, f"M {start.x + WIDE} {y} L {end.x - 8} {y}", middle, y - 12, width, gap=32)
    up = columns > 0
    edge, side = (0, -1) if up else (HIGH, 1)
    begin, stop = (start.middle, end.middle) if up else (start.x + INSET, end.x + WIDE - INSET)
    reach = side * min(BEND * abs(columns), HIGHEST)
    control = edge + reach * 4 / 3
    path = f"M {begin} {edge} C {begin} {control}, {stop} {control}, {stop} {edge + side * 8}"
    return Edge(arrow, path, (begin + stop) / 2, edge + reach + (-22 if up else 15), width)


def _between(arrow: Arrow, start: Node, end: Node, width: float) -> Edge:
    """To or from a state below; there and back lie beside each other, right of the curves that go back."""
    down = end.y > start.y
    shift = 8 if down else 44
    begin_y = start.y + HIGH if down else start.y
    end_y = end.y - 8 if down else end.y + HIGH + 8
    begin_x, end_x = start.middle + shift, end.middle + shift
    middle = (begin_y + end_y) / 2
    path = f"M {begin_x} {begin_y} C {begin_x} {middle}, {end_x} {middle}, {end_x} {end_y}"
    return Edge(arrow, path, (begin_x + end_x) / 2 + (-46 if down else 46), end_y - 28 if down else middle - 4, width)
