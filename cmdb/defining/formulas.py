"""Computed attributes: a small expression over the other attributes of an item, read from the syntax tree (CMDB-01).

Nothing is run: each part of the expression that is allowed is worked out here, everything else is refused when the
formula is typed. Where a value is missing, or cannot be worked out with, the result is nothing.
"""

from __future__ import annotations

import ast
import calendar
import itertools
import operator
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

LONGEST = 300
LONGEST_RESULT = 400
LARGEST = 10**15


class FormulaError(ValueError):
    """The formula cannot be used; the text says why."""


class _Nothing(Exception):  # noqa: N818 - not an error
    """A value is missing, or of a kind with which this cannot be worked out."""


def months_after(day: str, months: float) -> str:
    """The same day so many months later; the last of the month where there is no such day."""
    start = date.fromisoformat(day)
    place = start.year * 12 + start.month - 1 + int(months)
    year, month = divmod(place, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1])).isoformat()


def days_between(first: str, last: str) -> int:
    """How many days lie between two dates."""
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _year(day: str) -> int:
    return date.fromisoformat(day).year


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "round": lambda value, digits=0: round(value, int(digits)),
    "min": min,
    "max": max,
    "text": str,
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "year": _year,
    "months_after": months_after,
    "days_between": days_between,
}
_BINARY: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_COMPARE: Mapping[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_UNARY: Mapping[type, Callable[[Any], Any]] = {ast.USub: operator.neg, ast.Not: operator.not_}
_PARTS = (ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Call)
_SIGNS = (ast.And, ast.Or, ast.Load, *_BINARY, *_COMPARE, *_UNARY)


class Formula:
    """A formula that was understood; ``names`` are the attributes that it asks. Raises FormulaError."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise FormulaError(_("At most %(count)d characters.") % {"count": LONGEST})
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise FormulaError(_("This is not a formula.")) from error
        self.names: set[str] = set()
        for node in ast.walk(self._tree):
            self._check(node)

    def _check(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call):
            known = isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
            if not known:
                offered = ", ".join(FUNCTIONS)
                raise FormulaError(_("Only these functions can be used: %(offered)s.") % {"offered": offered})
        elif isinstance(node, ast.Name):
            if node.id not in FUNCTIONS:
                self.names.add(node.id)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, bytes | complex) or node.value is Ellipsis:
                raise FormulaError(_("This is not a formula."))
        elif not isinstance(node, (*_PARTS, *_SIGNS)):
            part = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
            raise FormulaError(_("“%(part)s” cannot be used in a formula.") % {"part": part[:60]})

    def value(self, given: Mapping[str, Any]) -> Any:
        """What it comes to for the values ``given`` by name; None where something is missing or does not fit."""
        try:
            found = _work_out(self._tree, given)
        except (_Nothing, ArithmeticError, TypeError, ValueError, RecursionError):
            return None
        if isinstance(found, float):
            found = int(found) if found.is_integer() else round(found, 6)
        too_large = not isinstance(found, str | bool) and abs(found) >= LARGEST
        return None if too_large else found[:LONGEST_RESULT] if isinstance(found, str) else found


def _work_out(node: ast.AST, given: Mapping[str, Any]) -> Any:
    """The value of a part of the tree. Raises _Nothing and what Python raises where values do not fit."""
    if isinstance(node, ast.Constant):
        return _small(node.value)
    if isinstance(node, ast.Name):
        return _small(given.get(node.id))
    if isinstance(node, ast.BinOp):
        return _small(_joined(node.op, _work_out(node.left, given), _work_out(node.right, given)))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_work_out(node.operand, given))
    if isinstance(node, ast.IfExp):
        return _work_out(node.body if _work_out(node.test, given) else node.orelse, given)
    if isinstance(node, ast.BoolOp):
        parts = (_work_out(part, given) for part in node.values)
        return all(parts) if isinstance(node.op, ast.And) else any(parts)
    if isinstance(node, ast.Compare):
        values = [_work_out(part, given) for part in (node.left, *node.comparators)]
        return all(_COMPARE[type(sign)](*pair) for sign, pair in zip(node.ops, _pairs(values), strict=True))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _small(FUNCTIONS[node.func.id](*(_work_out(part, given) for part in node.args)))
    raise _Nothing


def _pairs(values: list[Any]) -> list[tuple[Any, Any]]:
    return list(itertools.pairwise(values))


def _joined(sign: ast.operator, left: Any, right: Any) -> Any:
    """Texts are joined by + only, so that no text grows beyond what was typed; numbers by all signs."""
    if isinstance(left, str) or isinstance(right, str):
        if not isinstance(sign, ast.Add):
            raise _Nothing
        return f"{left}{right}"
    return _BINARY[type(sign)](left, right)


def _small(value: Any) -> Any:
    """The value, when it is one and not beyond what is kept. Raises _Nothing."""
    if value is None or (isinstance(value, str) and len(value) > 10 * LONGEST_RESULT):
        raise _Nothing
    if isinstance(value, int | float) and abs(value) > LARGEST * LARGEST:
        raise _Nothing
    return value
