"""What each change of a class, an attribute or a type of relations changed, for people (CMDB-01, CMDB-04)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from cmdb.definitions import Definitions
from cmdb.models import RelationType
from cmdb.values import is_empty

#: So many changes are shown.
SHOWN = 20
#: Fields that a definition keeps under another name.
_FIELDS = {"allowed_sources": "source_classes", "allowed_targets": "target_classes"}


@dataclass(frozen=True)
class Told:
    """One change. ``changes``: (label, before, after); of the first version none."""

    version: Any
    changes: list[tuple[str, str, str]]


def told_versions(row: Any) -> list[Told]:
    """The latest versions of how ``row`` is defined, with what each changed."""
    versions = list(row.versions.select_related("by").order_by("-at", "-pk")[: SHOWN + 1])
    words = _Words(type(row))
    found = [Told(later, words.changes(before.definition, later.definition)) for later, before in pairwise(versions)]
    return found + ([Told(versions[-1], [])] if versions and len(versions) <= SHOWN else [])


class _Words:
    """Fields and values of a model's definitions in words."""

    def __init__(self, model: Any) -> None:
        known = Definitions()
        self._model = model
        self._names = {code: row.name for code, row in known.everywhere().items()}
        self._names |= {row.pk: row.name for row in RelationType.objects.all()}
        self._classes = {code: row.name for code, row in known.classes.items()}

    def changes(self, before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
        """What is said otherwise."""
        names = [name for name in after if after[name] != before.get(name)]
        return [
            (self._label(name), self._said(name, before.get(name)), self._said(name, after[name])) for name in names
        ]

    def _label(self, name: str) -> str:
        return capfirst(str(self._field(name).verbose_name))

    def _field(self, name: str) -> Any:
        return self._model._meta.get_field(_FIELDS.get(name, name))

    def _said(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if is_empty(value):
            return ""
        if isinstance(value, list):
            return ", ".join(self._one(name, one) for one in value)
        return str(dict(self._field(name).flatchoices).get(value, self._one(name, value)))

    def _one(self, name: str, value: Any) -> str:
        if isinstance(value, dict):
            return " / ".join(str(part) for part in value.values())
        names = (
            self._names if name in ("controls", "observes") else self._classes if self._field(name).is_relation else {}
        )
        return str(names.get(value, value))
