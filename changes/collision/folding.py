"""Collisions of one sort with changes of one template or type as one line that opens (CHG-05).

On real logs every fourth change shares an item with others, mostly routine ones: a line each hides what matters.
Nothing is left out: the line says how many they are, and holds them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from changes.collision.collisions import Collision, Grade
from changes.models import Change


@dataclass(frozen=True)
class Fold:
    """Collisions that are read as one; hard ones, and what is no change, stand alone."""

    collisions: list[Collision]

    @property
    def first(self) -> Collision:
        """The earliest of them."""
        return self.collisions[0]

    @property
    def rest(self) -> list[Collision]:
        """All of them when there are several; none when it is one."""
        return self.collisions if len(self.collisions) > 1 else []

    @property
    def of(self) -> str:
        """What those changes are: the template, or the type."""
        return sort_of(self.first.other) if self.first.other else ""


def sort_of(change: Change) -> str:
    """The template of a standard change, else its type, as people call it."""
    version = change.template_version
    return str(version.template if version is not None else change.change_type)


def folded(found: Iterable[Collision]) -> list[Fold]:
    """``found`` in its order, with what folds together where the first of it stands."""
    lines: dict[object, Fold] = {}
    for one in found:
        key = key_of(one)
        if key in lines:
            lines[key].collisions.append(one)
        else:
            lines[key] = Fold([one])
    return list(lines.values())


def key_of(one: Collision) -> object:
    """The same for collisions that fold together."""
    other = one.other
    if one.grade is Grade.HARD or other is None:
        return id(one)
    version = other.template_version
    sort = ("template", version.template_id) if version is not None else ("type", other.change_type_id)
    return (one.grade, one.reason, *sort)
