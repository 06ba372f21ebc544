"""``manage.py check`` refuses lifecycles that cannot work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.core.checks import CheckMessage, Error, register
from django.db.models import ForeignKey
from django.utils.module_loading import import_string

from accounts.models import User
from records.lifecycle import ANY, NEW
from tickets.lifecycle import RESTORE, Action, Kind, kinds
from tickets.meaning import Audience, Grade
from tickets.models import Ticket


@register()
def check_lifecycles(**kwargs: Any) -> list[CheckMessage]:
    """Check every registered kind."""
    return [Error(text, id="tickets.E001") for kind in kinds() for text in problems_of(kind)]


def problems_of(kind: Kind) -> Iterator[str]:
    """Describe what is wrong with the declarations of ``kind``."""
    yield from _unsaid(kind)
    yield from _nameless(kind)
    for action in kind.actions.values():
        yield from _problems_of_action(kind, action)
    states = set(kind.states.values)
    yield from (f"{kind.code}: state {state} has no phase." for state in states - set(kind.phases))
    unreachable = states - _reachable(kind)
    yield from (f"{kind.code}: state {state} is unreachable." for state in sorted(unreachable))


def _nameless(kind: Kind) -> Iterator[str]:
    """References that no answer of the API can name: to what has no code and name, and is no person or ticket."""
    for column in kind.model._meta.concrete_fields:
        model = column.related_model
        if isinstance(column, ForeignKey) and not issubclass(cast(type, model), (User, Ticket)):
            yield from (
                f"{kind.code}: what {column.name} refers to has no {name}."
                for name in ("code", "name")
                if not hasattr(model, name)
            )


#: What a kind means has no default: saying nothing would mean something by accident.
_MEANING = ("audience", "registering", "managing", "clocks", "grade", "can_be_major", "views", "tiles")


def _unsaid(kind: Kind) -> Iterator[str]:
    """What the kind leaves unsaid, and what contradicts itself."""
    from tickets.queues.queries import VIEWS  # needs the models, which are loaded when checks run

    yield from (f"{kind.code} does not say {name}." for name in _MEANING if getattr(kind, name) is None)
    concrete = kind.model._meta.concrete_model or kind.model
    if concrete._meta.model_name != kind.code:  # by which the row of every ticket finds its own
        yield f"{kind.code}: its class is called {concrete.__name__}, not like its code."
    if kind.clocks is not None:
        states = kind.clocks.at_work | ({kind.clocks.at_desk} - {""})
        yield from (
            f"{kind.code}: clocks name the unknown state {s}." for s in sorted(states - set(kind.states.values))
        )
    if kind.can_be_major and kind.grade is not Grade.PRIORITY:
        yield f"{kind.code} can be major only when it is graded by priority."
    if kind.clocks is not None and kind.clocks.limits and kind.grade is Grade.NONE:
        yield f"{kind.code} has limits, which are promised by a grade: it has none, and they would never run."
    if kind.in_portal and kind.audience is not Audience.REQUESTERS:
        yield f"{kind.code} is offered to requesters, who do not read it."
    yield from (f"{kind.code} offers the unknown queue {name}." for name in set(kind.views or ()) - set(VIEWS))
    yield from (f"{kind.code} tells of the unknown action {name}." for name in kind.tells if name not in kind.actions)
    if kind.registers and (kind.register_action is None or not kind.register_action.key):
        yield f"{kind.code}: the action {kind.registers} registers it and needs a key for its button."


def _problems_of_action(kind: Kind, action: Action) -> Iterator[str]:
    where = f"{kind.code}.{action.name}"
    if action.allow is None and not action.system:
        yield f"{where} has no rule: declare allow=, or system=True."
    if not action.help:
        yield f"{where} has no docstring: it is the help text."
    known = {*kind.states.values, ANY, NEW}
    yield from (f"{where}: unknown source {s}." for s in action.sources if s not in known)
    yield from (f"{where}: unknown target {s}." for s in action.targets if s not in kind.states.values)
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
