"""Which relations there may be: of two items, the classes that a type allows, and how many of it an item has."""

from __future__ import annotations

from typing import Protocol

from django.utils.translation import gettext as _

from cmdb.definitions import Definitions
from cmdb.models import RelationType


class Classed(Protocol):
    """As much of a configuration item as rules ask for."""

    @property
    def identifier(self) -> str: ...

    @property
    def ci_class_id(self) -> str: ...


class Rules:
    """Allowed classes of every type, with the classes below them. Four queries."""

    def __init__(self, definitions: Definitions) -> None:
        self.known = definitions
        self.types = {
            row.code: row for row in RelationType.objects.prefetch_related("source_classes", "target_classes")
        }
        self.allowed = {
            (code, end): {
                name for row in getattr(kind, f"{end}_classes").all() for name in definitions.below(row.code)
            }
            for code, kind in self.types.items()
            for end in ("source", "target")
        }

    def refusal(self, code: str, source: Classed, target: Classed) -> str:
        """Why a relation between these two cannot be of this type; empty when it can."""
        if source.identifier == target.identifier:
            return _("%(item)s cannot be related to itself.") % {"item": source.identifier}
        for end, item in (("source", source), ("target", target)):
            allowed = self.allowed[code, end]
            if allowed and item.ci_class_id not in allowed:
                return _("“%(relation)s” is not for %(item)s of class %(class)s.") % {
                    "relation": self.types[code].name,
                    "item": item.identifier,
                    "class": item.ci_class_id,
                }
        return ""


def one_too_many(item: str, kind: RelationType, other: str) -> str:
    """Why ``other`` cannot be related to ``item``, which has as many of the type as it may."""
    names = {"item": item, "relation": kind.name, "other": other}
    return _("%(item)s has “%(relation)s” already; %(other)s would be one too many.") % names
