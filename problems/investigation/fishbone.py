"""Where the lines and words of a fishbone stand (PRB-04). Pure geometry; a template draws it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
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


#: The drawing for narrow screens: its width, where the spine stands, what stands below one another.
NARROW, SPINE_X, STEP = 340, 14, 24


def draw_tall(nodes: list[Node], effect: str) -> Drawing:
    """The same for a telephone: the head above, the bones one below the other, so that nothing is scrolled aside."""
    made = Drawing(NARROW, 0, SPINE_X)
    made.head = (2, 2, NARROW - 4, 56)
    first, *rest = _folded(effect, NARROW - 30, 2)
    for number, text in enumerate([first, *rest]):
        line = (27 if rest else 35) + number * 18
        made.words.append(Words(NARROW / 2, line, text, effect, "middle", "head"))
    y, end = 58.0, 58.0
    for node in nodes:
        y += STEP + 14
        made.lines.append(Line(SPINE_X, y + 8, SPINE_X + 26, y, "bone"))
        made.words.append(Words(SPINE_X + 32, y + 5, _cut(node.text, 270), node.text, "start", _css(node, "bone")))
        end = y + 8
        for depth, child in _rows(node):
            y += STEP
            left = SPINE_X + 34 + depth * 16
            made.lines.append(Line(left, y, left + 10, y, "twig"))
            text = _cut(child.text, NARROW - left - 20)
            made.words.append(Words(left + 15, y + 5, text, child.text, "start", _css(child, "twig")))
    made.lines.insert(0, Line(SPINE_X, 58, SPINE_X, end, "spine"))
    made.height = y + STEP
    return made


#: How the drawing looks where no style sheet reaches it.
INK = {"spine": "#1d2939", "bone": "#667085", "twig": "#98a2b3"}
BREADTH = {"spine": 3.0, "bone": 2.0, "twig": 1.2}


def svg_of(made: Drawing, fonts: list[str]) -> str:
    """The drawing as a picture of its own, for paper."""
    x, y, wide, high = made.head
    shapes = [
        f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" rx="8" fill="#eff4ff"'
        ' stroke="#3b6fd4" stroke-width="1.5"/>'
    ]
    shapes += [
        f'<line x1="{one.x1}" y1="{one.y1}" x2="{one.x2}" y2="{one.y2}" stroke="{INK[one.css]}"'
        f' stroke-width="{BREADTH[one.css]}"/>'
        for one in made.lines
    ]
    for one in made.words:
        strong = one.css != "twig"
        fill = "#7a3ea8" if "root" in one.css else "#2453a6" if one.css == "head" else INK["spine"]
        shapes.append(
            f'<text x="{one.x}" y="{one.y}" text-anchor="{one.anchor}" fill="{fill}"'
            f' font-weight="{600 if strong else 400}">{escape(one.text)}</text>'
        )
    family = escape(", ".join(f"'{font}'" for font in fonts))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {made.width} {made.height}" width="{made.width}"'
        f' height="{made.height}" font-family="{family}" font-size="{FONT}">{"".join(shapes)}</svg>'
    )


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
