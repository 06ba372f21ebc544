"""Trees of causes as outlines that people type, and as data that goes out and comes in again (PRB-04). Pure.

A line is a cause; two spaces deeper is its cause in turn; an asterisk marks the root cause.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

DEEPEST, MOST, LONGEST = 8, 200, 200


class OutlineError(ValueError):
    """The text or the data is no tree of causes; ``line`` counts from 1."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"line {line}")


@dataclass
class Node:
    """A cause with its own causes."""

    text: str
    is_root: bool = False
    children: list[Node] = field(default_factory=list)


def parse(text: str) -> list[Node]:
    """The tree that the outline means. Raises OutlineError for a line that is too deep, too long, or one too many."""
    top: list[Node] = []
    open_: list[list[Node]] = [top]
    lines = [
        (number, line) for number, line in enumerate(text.replace("\t", "  ").splitlines(), start=1) if line.strip()
    ]
    for number, line in lines:
        depth = (len(line) - len(line.lstrip())) // 2
        words = line.strip()
        node = Node(words.removeprefix("*").strip(), words.startswith("*"))
        if depth >= len(open_) or depth >= DEEPEST or not node.text or len(node.text) > LONGEST or number > MOST * 2:
            raise OutlineError(number)
        del open_[depth + 1 :]
        open_[depth].append(node)
        open_.append(node.children)
    if count(top) > MOST:
        raise OutlineError(MOST + 1)
    return top


def write(nodes: list[Node], depth: int = 0) -> str:
    """The outline of the tree; ``parse`` of it gives the same tree."""
    lines = []
    for node in nodes:
        lines.append(f"{'  ' * depth}{'* ' if node.is_root else ''}{node.text}")
        if node.children:
            lines.append(write(node.children, depth + 1))
    return "\n".join(lines)


def count(nodes: list[Node]) -> int:
    """How many causes there are."""
    return sum(1 + count(node.children) for node in nodes)


def as_data(nodes: list[Node]) -> list[dict[str, Any]]:
    """The tree, JSON-safe."""
    return [{"text": node.text, "root": node.is_root, "causes": as_data(node.children)} for node in nodes]


def from_data(rows: Any, depth: int = 0) -> list[Node]:
    """The tree of ``as_data``. Raises OutlineError for anything else."""
    if not isinstance(rows, list) or depth > DEEPEST:
        raise OutlineError(depth + 1)
    nodes = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise OutlineError(depth + 1)
        text = " ".join(row["text"].split())[:LONGEST]
        nodes.append(Node(text, bool(row.get("root")), from_data(row.get("causes", []), depth + 1)))
    return parse(write(nodes)) if depth == 0 else nodes


def mark_of(text: str) -> str:
    """A short mark of an outline: whoever saves says which one they read."""
    return sha256(text.encode()).hexdigest()[:16]
