"""Deciding in Python whether a row meets a condition (``Q``), exactly as the database would.

Live updates ask this for a few changed rows and hundreds of open lists: one query each would cost too much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model, Q
from django.db.models.expressions import BaseExpression, F


class Unmatchable(Exception):  # noqa: N818 - says what the condition is
    """The condition reaches beyond the row's own columns, or uses a lookup that only the database knows."""


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, other: value is not None and other is not None and compare(value, other)


_LOOKUPS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": lambda value, other: value is None if other is None else value is not None and value == other,
    "in": lambda value, others: value is not None and value in others,
    "isnull": lambda value, wanted: (value is None) is bool(wanted),
    "lt": _ordered(lambda value, other: value < other),
    "lte": _ordered(lambda value, other: value <= other),
    "gt": _ordered(lambda value, other: value > other),
    "gte": _ordered(lambda value, other: value >= other),
}
_KEYS: dict[tuple[type, str], tuple[str, Callable[[Any, Any], bool]]] = {}


def matches(condition: Q, row: Model) -> bool:
    """Whether ``row`` meets ``condition`` by its own columns. Runs no query. Raises Unmatchable.

    As in SQL made by Django, an empty value meets no comparison, and what is negated holds for it.
    """
    if not condition.children:  # no condition at all, as Django sees it
        return True
    results = (_holds(child, row) for child in condition.children)
    if condition.connector == Q.AND:
        found = all(results)
    elif condition.connector == Q.OR:
        found = any(results)
    else:
        raise Unmatchable(condition.connector)
    return not found if condition.negated else found


def _holds(child: Any, row: Model) -> bool:
    if isinstance(child, Q):
        return matches(child, row)
    if not isinstance(child, tuple):
        raise Unmatchable(repr(child))
    path, other = child
    name, lookup = _column(type(row), path)
    if isinstance(other, BaseExpression | F):
        raise Unmatchable(f"{path}={other!r}")
    return lookup(getattr(row, name), other.pk if isinstance(other, Model) else other)


def _column(model: type[Model], path: str) -> tuple[str, Callable[[Any, Any], bool]]:
    """The attribute and the comparison that ``path`` means, remembered. Raises Unmatchable."""
    if (model, path) not in _KEYS:
        name, _separator, lookup = path.partition("__")
        if (lookup or "exact") not in _LOOKUPS:
            raise Unmatchable(path)
        _KEYS[model, path] = (_attribute(model, name), _LOOKUPS[lookup or "exact"])
    return _KEYS[model, path]


def _attribute(model: type[Model], name: str) -> str:
    """The attribute that holds the column's value: foreign keys by their key."""
    pk = model._meta.pk
    columns = {field.name: field.attname for field in model._meta.concrete_fields}
    columns |= {field.attname: field.attname for field in model._meta.concrete_fields}
    if pk is not None:
        columns["pk"] = pk.attname
    if name not in columns:
        raise Unmatchable(name)
    return columns[name]
