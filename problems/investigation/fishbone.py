"""Where the lines and words of a fishbone stand (PRB-04). Pure geometry; a template draws it."""

from __future__ import annotations

from dataclasses import dataclass, field
from unicodedata import east_asian_width

from problems.investigation.outline import Node

#: Sizes: a pair of bones, how far a bone leans, height of a line, what stands beside the spine, the head.
PAIR, LEAN, ROW, EDGE, HEAD = 300, 70, 30, 34, 250
FONT = 13
#: As many units a line of words may be long.
BONE_WORDS, TWIG_WORDS, HEAD_WORDS = 150, 185, 205


@dataclass(frozen=True)
class Words:
    """A text at a place; ``anchor`` start, middle or end; ``css``: bone, twig, root or head."""

    x: float
    y: float
    text: str
    whole: str
    anchor: str = "start"
    css: str = "twig"


@dataclass(frozen=True)
class Line:
    """A line; ``css``: spine, bone or twig."""

    x1: float
    y1: float
    x2: float
    y2: float
    css: str


@dataclass
class Drawing:
    """Everything to draw."""

    width: float
    height: float
    spine: float
    lines: list[Line] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    head: tuple[float, float, float, float] = (0, 0, 0, 0)


def draw(nodes: list[Node], effect: str) -> Drawing:
    """The fishbone of ``nodes`` with ``effect`` at its head: bones above and below in turn."""
    above, below = nodes[0::2], nodes[1::2]
    up, down = _tall(above), _tall(below)
    pairs = max(len(above), 1)
    width, spine = pairs * PAIR + LEAN + HEAD + 20, up + EDGE
    made = Drawing(width, spine + down + EDGE, spine)
    end = pairs * PAIR + LEAN
    made.lines.append(Line(10, spine, end, spine, "spine"))
    made.head = (end, spine - 30, HEAD, 60)
    first, *rest = _folded(effect, HEAD_WORDS, 2)
    shift = -3 if rest else 5
    for number, text in enumerate([first, *rest]):
        made.words.append(Words(end + HEAD / 2, spine + shift + number * 18, text, effect, "middle", "head"))
    for number, node in enumerate(above):
        _bone(made, node, (number + 1) * PAIR, spine, up, -1)
    for number, node in enumerate(below):
        _bone(made, node, (number + 1) * PAIR, spine, down, 1)
    return made


def _rows(node: Node, depth: int = 0) -> list[tuple[int, Node]]:
    return [row for child in node.children for row in [(depth, child), *_rows(child, depth + 1)]]


def _tall(nodes: list[Node]) -> float:
    return max((len(_rows(node)) for node in nodes), default=1) * ROW + 2 * ROW


def _bone(made: Drawing, node: Node, x: float, spine: float, tall: float, side: int) -> None:
    """One bone with its twigs, from the spine outward."""
    tip_x, tip_y = x - LEAN, spine + side * tall
    made.lines.append(Line(tip_x, tip_y, x, spine, "bone"))
    y = tip_y - 8 if side < 0 else tip_y + 18
    made.words.append(Words(tip_x, y, _cut(node.text, BONE_WORDS), node.text, "middle", _css(node, "bone")))
    rows = _rows(node)
    for number, (depth, child) in enumerate(rows):
        at = tip_y - side * ROW * (number + 1)
        along = tip_x + LEAN * (number + 1) * ROW / tall
        start = along - 190 + depth * 18
        made.lines.append(Line(start, at, along, at, "twig"))
        text = _cut(child.text, TWIG_WORDS - depth * 18)
        made.words.append(Words(start + 2, at - 5, text, child.text, "start", _css(child, "twig")))


def _css(node: Node, usual: str) -> str:
    return f"{usual} root" if node.is_root else usual


def width_of(text: str) -> float:
    """About how wide ``text`` is: full-width characters take the whole of the font's size."""
    return sum(FONT if east_asian_width(mark) in "WF" else FONT * 0.56 for mark in text)


def _cut(text: str, room: float) -> str:
    if width_of(text) <= room:
        return text
    kept = ""
    for mark in text:
        if width_of(kept + mark) > room - FONT:
            break
        kept += mark
    return f"{kept}…"


def _folded(text: str, room: float, lines: int) -> list[str]:
    """``text`` on at most so many lines; the last one is cut."""
    found: list[str] = []
    rest = text
    while rest and len(found) < lines - 1 and width_of(rest) > room:
        end = max((n for n in range(1, len(rest) + 1) if width_of(rest[:n]) <= room), default=1)
        space = rest.rfind(" ", 1, end)
        end = space if space > 0 else end
        found.append(rest[:end].strip())
        rest = rest[end:].strip()
    return [*found, _cut(rest, room)]
