"""``manage.py check`` refuses lifecycles that cannot work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from tickets.lifecycle import ANY, NEW, RESTORE, Action, Kind, kinds


@register()
def check_lifecycles(**kwargs: Any) -> list[CheckMessage]:
    """Check every registered kind."""
    return [Error(text, id="tickets.E001") for kind in kinds() for text in problems_of(kind)]


def problems_of(kind: Kind) -> Iterator[str]:
    """Describe what is wrong with the declarations of ``kind``."""
    for action in kind.actions.values():
        yield from _problems_of_action(kind, action)
    states = set(kind.states.values)
    yield from (f"{kind.code}: state {state} has no phase." for state in states - set(kind.phases))
    unreachable = states - _reachable(kind)
    yield from (f"{kind.code}: state {state} is unreachable." for state in sorted(unreachable))


def _problems_of_action(kind: Kind, action: Action) -> Iterator[str]:
    where = f"{kind.code}.{action.name}"
    if action.allow is None and not action.system:
        yield f"{where} has no rule: declare allow=, or system=True."
    if not action.help:
        yield f"{where} has no docstring: it is the help text."
    known = {*kind.states.values, ANY, NEW}
    yield from (f"{where}: unknown source {s}." for s in action.sources if s not in known)
    if action.target is not None and action.target not in kind.states.values:
        yield f"{where}: unknown target {action.target}."
    if action.undo not in ("", RESTORE) and action.undo not in kind.actions:
        yield f"{where}: unknown undo {action.undo}."
    for path in filter(None, (action.form, action.effect)):
        try:
            import_string(path)
        except ImportError as error:
            yield f"{where}: {path} cannot be imported ({error})."


def _reachable(kind: Kind) -> set[str]:
    reached, steps = {NEW}, kind.transitions()
    while more := {to for _, source, to in steps if source in reached} - reached:
        reached |= more
    return reached
