"""What components say that they are given, what they read, and what templates give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.template import Node
from django.template.base import FilterExpression, NodeList, TokenType, Variable
from django.template.defaulttags import CsrfTokenNode, ForNode
from django.template.loader import get_template
from django.template.loader_tags import IncludeNode
from django.templatetags.i18n import BlockTranslateNode

from tests.architecture.sources import ROOT

TEMPLATES = ROOT / "templates"
PLACE = "components/"
#: Known in every template: what loops bring, and constants of the language.
EVERYWHERE = {"forloop", "block", "True", "False", "None"}
_HEAD = re.compile(r"\s*((?:\{#.*?#\}\s*)+|\{% comment %\}.*?\{% endcomment %\})", re.DOTALL)
_BRACKETS = re.compile(r"\[[^\[\]{}]*\]|\{[^\[\]{}]*\}")
#: Begins what is said of some names, behind the sentences.
_NAMES = re.compile(r"(?:^|(?<=[.—] ))([a-z_]+(?:, [a-z_]+)*)(?=: |:$| \(|$)")
#: Ends what is said of names that need not be given: what they are then.
_DEFAULT = re.compile(r"\((?:\"[^\"]*\"|\w+)\)\.?$")


@dataclass(frozen=True)
class Use:
    """A template gives another one ``names``; ``only`` these, or everything that it knows itself."""

    template: str
    part: str
    names: frozenset[str]
    only: bool


def head_of(source: str) -> str:
    """The comment that a template begins with, in one line."""
    found = _HEAD.match(source)
    text = re.sub(r"\{#|#\}|\{% (end)?comment %\}", " ", found[1]) if found else ""
    return re.sub(r"\s+", " ", text).strip()


def declared(head: str) -> dict[str, bool]:
    """Names of what a component is given, each with whether it must be: not where a default stands at its end.

    ``A sentence. name: what it is; other, third: what they are (None)``. In brackets may stand anything.
    """
    hidden = head
    while (less := _BRACKETS.sub("", hidden)) != hidden:
        hidden = less
    found: dict[str, bool] = {}
    for part in map(str.strip, hidden.split(";")):
        names = _NAMES.search(part)
        if names:
            found |= dict.fromkeys(names[1].split(", "), _DEFAULT.search(part) is None)
    return found


@cache
def components() -> dict[str, dict[str, bool]]:
    """What each component says that it is given."""
    files = sorted((TEMPLATES / PLACE).glob("*.html"))
    return {f"{PLACE}{one.name}": declared(head_of(one.read_text(encoding="utf-8"))) for one in files}


@cache
def uses() -> list[Use]:
    """Every place where a template includes another one by name."""
    names = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
    return [use for name in names for use in uses_in(name, parsed(name))]


@cache
def read_within(name: str) -> frozenset[str]:
    """Names that a template reads, with those that it hands on as they are to what it includes."""
    nodes = parsed(name)
    open_ones = [use.part for use in uses_in(name, nodes) if not use.only]
    return frozenset(read_by(nodes)).union(*(read_within(one) for one in open_ones if one != name))


def parsed(name: str) -> NodeList:
    """The nodes of the template ``name``."""
    return get_template(name).template.nodelist  # type: ignore[attr-defined]


def uses_in(name: str, nodes: NodeList) -> Iterator[Use]:
    """Every include by name in ``nodes``, which are those of the template ``name``."""
    found: list[Any] = nodes.get_nodes_by_type(IncludeNode)
    for node in found:
        if isinstance(node.template.var, str):
            yield Use(name, node.template.var, frozenset(node.extra_context), node.isolated_context)


def read_by(nodes: Iterable[Any]) -> set[str]:
    """Names that ``nodes`` read and do not set themselves."""
    read, made = set[str](), set(EVERYWHERE)
    for node in nodes:
        for inner in [node, *node.get_nodes_by_type(Node)]:
            read |= set(_names(list(vars(inner).values()))) | _read_by_name(inner)
            made |= _made(inner)
    return read - made


def _read_by_name(node: Any) -> set[str]:
    """What a node reads without a variable: the token of forms, and the values in a translated text."""
    if isinstance(node, CsrfTokenNode):
        return {"csrf_token"}
    tokens = [*node.singular, *node.plural] if isinstance(node, BlockTranslateNode) else []
    return {token.contents.split(".")[0] for token in tokens if token.token_type is TokenType.VAR}


def _made(node: Any) -> set[str]:
    """What a node sets for those inside or behind it."""
    found = {getattr(node, name, None) for name in ("asvar", "target_var", "variable", "var_name", "countervar")}
    loops = node.loopvars if isinstance(node, ForNode) else ()
    inside = () if isinstance(node, IncludeNode) else getattr(node, "extra_context", None) or ()
    return {name for name in (*found, *loops, *inside) if isinstance(name, str)}


def _names(values: Iterable[Any]) -> Iterator[str]:
    """The first part of each variable among ``values``, however deep in lists, arguments and conditions."""
    for value in values:
        if isinstance(value, FilterExpression):
            yield from _names([value.var, *(arg for _filter, args in value.filters for _lookup, arg in args)])
        elif isinstance(value, Variable):
            if value.lookups:
                yield str(value.lookups[0])
        elif isinstance(value, dict):
            yield from _names(value.values())
        elif isinstance(value, (list, tuple)) and not isinstance(value, NodeList):
            yield from _names(value)
        elif type(value).__module__ in ("django.template.defaulttags", "django.template.smartif") and not isinstance(
            value, (Node, type)
        ):
            yield from _names(vars(value).values())
