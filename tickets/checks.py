"""``manage.py check`` refuses kinds that cannot work, leave something unsaid or name what there is not.

One small function a rule; each says what is wrong, and what is possible where that is a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from django.core.checks import CheckMessage, Error, register
from django.db.models import DateTimeField, ForeignKey
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from accounts.models import User
from records.lifecycle import ANY, NEW
from tickets.lifecycle import RESTORE, Action, Kind, kinds
from tickets.meaning import Audience, Grade, Panel
from tickets.models import Ticket

#: What a kind means has no default: saying nothing would mean something by accident.
MEANING = ("audience", "registering", "managing", "clocks", "grade", "can_be_major", "views", "tiles")
#: What a number looks like behind its prefix: the day, and the how manieth of it.
A_NUMBER = "261122000017"

Rule = Callable[[Kind], Iterator[str]]


@register()
def check_lifecycles(**kwargs: Any) -> list[CheckMessage]:
    """Check every registered kind."""
    return [Error(text, id="tickets.E001") for kind in kinds() for text in problems_of(kind)]


def problems_of(kind: Kind) -> Iterator[str]:
    """Describe what is wrong with the declarations of ``kind``."""
    for rule in RULES:
        yield from rule(kind)
    for action in kind.actions.values():
        yield from _problems_of_action(kind, action)


def unknown(where: str, names: Iterable[Any], possible: Iterable[Any]) -> Iterator[str]:
    """One sentence for each of ``names`` that is not among ``possible``. ``where`` says who names it, and as what."""
    known = sorted(map(str, possible))
    said = ", ".join(known) or "nothing"
    yield from (f"{where} {name}; possible: {said}." for name in map(str, names) if name not in known)


def _unsaid(kind: Kind) -> Iterator[str]:
    """It says everything that has no default."""
    yield from (f"{kind.code} does not say {name}." for name in MEANING if getattr(kind, name) is None)


def _misnamed(kind: Kind) -> Iterator[str]:
    """Its class is called like its code, by which the row of every ticket finds its own."""
    concrete = kind.model._meta.concrete_model or kind.model
    if concrete._meta.model_name != kind.code:
        yield f"{kind.code}: its class is called {concrete.__name__}, not like its code."


def _doubled(kind: Kind) -> Iterator[str]:
    """Numbers and addresses lead to one kind: no prefix begins another's, no slug is another's."""
    others = [one for one in kinds() if one.code != kind.code]
    yield from (
        f"{kind.code}: numbers with {kind.prefix} are not to be told from those of {one.code} with {one.prefix}."
        for one in others
        if kind.prefix.startswith(one.prefix) or one.prefix.startswith(kind.prefix)
    )
    yield from (f"{kind.code}: {one.code} has the slug {kind.slug}, too." for one in others if kind.slug == one.slug)


def _unreachable(kind: Kind) -> Iterator[str]:
    """Every state can be reached, and has a phase."""
    states = set(kind.states.values)
    yield from (f"{kind.code}: state {state} has no phase." for state in sorted(states - set(kind.phases)))
    yield from (f"{kind.code}: state {state} is unreachable." for state in sorted(states - _reachable(kind)))


def _unknown_states(kind: Kind) -> Iterator[str]:
    """States that it names are its own."""
    clocks, imports = kind.clocks, kind.imports
    named = {
        "gives a phase to the unknown state": kind.phases,
        "has among its steps the unknown state": kind.steps,
        "has plain words for the unknown state": kind.plain,
    }
    if clocks is not None:
        named["has clocks that name the unknown state"] = sorted(clocks.at_work | ({clocks.at_desk} - {""}))
    if imports is not None:
        led_to = [state for _column, state, _by in imports.milestones]
        named["imports the unknown state"] = [imports.registered, *led_to, *imports.worked, *imports.solved]
    for what, states in named.items():
        yield from unknown(f"{kind.code} {what}", dict.fromkeys(states), kind.states.values)


def _unknown_columns(kind: Kind) -> Iterator[str]:
    """Columns that requesters and suppliers read are columns; ``public_fields`` names the kind's own."""
    every = {column.name for column in kind.model._meta.concrete_fields}
    table = kind.model._meta.concrete_model or kind.model
    own = {column.name for column in table._meta.local_concrete_fields if not column.primary_key}
    yield from unknown(f"{kind.code} has among its public_fields the unknown column", kind.public_fields, own)
    yield from unknown(f"{kind.code} has among its supplier_fields the unknown column", kind.supplier_fields, every)


def _unknown_imports(kind: Kind) -> Iterator[str]:
    """Columns that histories are read into are columns; what holds at the end or lasts is among them."""
    if kind.imports is None:
        return
    said, names = kind.imports, {name for f in kind.model._meta.concrete_fields for name in (f.name, f.attname)}
    pairs = [name for pair in (*said.periods, *said.lasting) for name in pair]
    times = [name for at, _state, by in said.milestones for name in (at, by) if name]
    named = [*times, *said.needed, *said.columns, *said.texts, *pairs, *said.fixed]
    yield from unknown(f"{kind.code} imports the unknown column", dict.fromkeys(named), names)
    yield from unknown(f"{kind.code} imports, at the end only, what it does not read:", said.at_end, said.columns)


def _moments(kind: Kind) -> Iterator[str]:
    """A limit counts between moments that the row has: columns of a time."""
    if kind.clocks is None:
        return
    times = [f.name for f in kind.model._meta.concrete_fields if isinstance(f, DateTimeField)]
    for metric, span in kind.clocks.limits.items():
        yield from unknown(f"{kind.code}: {metric} counts from the unknown moment", [span.starts], times)
        yield from unknown(f"{kind.code}: {metric} counts until the unknown moment", [span.stops], times)
    for name, column in kind.clocks.moments.items():
        yield from unknown(f"{kind.code}: its moment {name} is the unknown column", [column], times)


def _without_limit(kind: Kind) -> Iterator[str]:
    """What limits are called, and who owes them, is said of limits that it has."""
    if kind.clocks is not None:
        limits = kind.clocks.limits
        yield from unknown(f"{kind.code} calls by a name a limit that it has not:", kind.clocks.labels, limits)
        yield from unknown(f"{kind.code} says who owes a limit that it has not:", kind.clocks.owed, limits)


def _grade(kind: Kind) -> Iterator[str]:
    """A level or type stands in a column of the kind, whose rows have codes."""
    own = kind.grade in (Grade.LEVEL, Grade.TYPE)
    if own and not kind.grade_column:
        yield f"{kind.code} is graded by a {kind.grade.value if kind.grade else ''} of its own: say its grade_column."
    if kind.grade_column and not own:
        yield f"{kind.code} has a grade_column, which only a grade by level or type reads."
    columns = [f.name for f in kind.model._meta.local_concrete_fields if isinstance(f, ForeignKey)]
    if kind.grade_column:
        yield from unknown(f"{kind.code} is graded by the unknown column", [kind.grade_column], columns)


def _contradicting(kind: Kind) -> Iterator[str]:
    """What it says in two places agrees."""
    if kind.can_be_major and kind.grade is not Grade.PRIORITY:
        yield f"{kind.code} can be major only when it is graded by priority."
    if kind.emergency is not None and not kind.can_be_major:
        yield f"{kind.code} has an emergency procedure: say that it can be major."
    if kind.clocks is not None and kind.clocks.limits and kind.grade is Grade.NONE:
        yield f"{kind.code} has limits, which are promised by a grade: it has none, and they would never run."
    if kind.in_portal and kind.audience is not Audience.REQUESTERS:
        yield f"{kind.code} is offered to requesters, who do not read it."
    if kind.in_portal and (missing := [str(state) for state in kind.steps if state not in kind.plain]):
        yield f"{kind.code} is offered to requesters: say in plain words what they read of {', '.join(missing)}."


def _unknown_names(kind: Kind) -> Iterator[str]:
    """Queues, actions and kinds that it names are there."""
    from tickets.queues.queries import VIEWS  # needs the models, which are loaded when checks run

    yield from unknown(f"{kind.code} offers the unknown queue", kind.views or (), VIEWS)
    yield from unknown(f"{kind.code} tells of the unknown action", kind.tells, kind.actions)
    others = [one.code for one in kinds() if one.code != kind.code]
    yield from unknown(f"{kind.code} is raised from the unknown kind", filter(None, [kind.raised_from]), others)


def _registering(kind: Kind) -> Iterator[str]:
    """The action that registers one has a key for its button, and asks for what a tile begins with."""
    creating = [action.name for action in kind.actions.values() if action.creates]
    yield from unknown(f"{kind.code} is registered by the unknown action", filter(None, [kind.registers]), creating)
    action = kind.register_action
    if action is None:
        return
    if not action.key:
        yield f"{kind.code}: the action {kind.registers} registers it and needs a key for its button."
    asked = getattr(_found(action.form), "base_fields", {}) if action.form else {}
    for tile in kind.tiles or ():
        yield from unknown(f"{kind.code}: a tile begins with the unknown field", tile.begins, asked)


def _unknown_paths(kind: Kind) -> Iterator[str]:
    """Functions that it names can be imported, templates and addresses exist."""
    panels: list[Panel] = [*filter(None, [kind.banner]), *kind.beside]
    paths = [kind.details, kind.answers, kind.takes_part, kind.counted_with, *(panel.shows for panel in panels)]
    paths += [kind.emergency.follow] if kind.emergency else []
    for path in filter(None, paths):
        yield from _not_called(kind.code, path)
    for panel in panels:
        try:
            get_template(panel.template)
        except TemplateDoesNotExist:
            yield f"{kind.code}: there is no template {panel.template} for {panel.shows}."
    if kind.prints is not None:
        try:
            reverse(kind.prints[0], args=[f"{kind.prefix}{A_NUMBER}"])
        except NoReverseMatch:
            yield f"{kind.code} prints by {kind.prints[0]}, which is no address of one ticket."


def _nameless(kind: Kind) -> Iterator[str]:
    """The API can name what its columns refer to: a person, a ticket, or what has a code and a name."""
    for column in kind.model._meta.concrete_fields:
        model = column.related_model
        if isinstance(column, ForeignKey) and not issubclass(cast(type, model), (User, Ticket)):
            yield from (
                f"{kind.code}: what {column.name} refers to has no {name}."
                for name in ("code", "name")
                if not hasattr(model, name)
            )


RULES: tuple[Rule, ...] = (
    _unsaid,
    _misnamed,
    _doubled,
    _nameless,
    _unreachable,
    _unknown_states,
    _unknown_columns,
    _unknown_imports,
    _moments,
    _without_limit,
    _grade,
    _contradicting,
    _unknown_names,
    _registering,
    _unknown_paths,
)


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
    for path in filter(None, (action.form, action.effect, action.undone)):
        yield from _not_called(where, path)


def _reachable(kind: Kind) -> set[str]:
    reached, steps = {NEW}, kind.transitions()
    while more := {to for _, source, to in steps if source in reached} - reached:
        reached |= more
    return reached


def _found(path: str) -> Any:
    """What stands at ``path``; None for nothing."""
    try:
        return import_string(path)
    except ImportError:
        return None


def _not_called(where: str, path: str) -> Iterator[str]:
    """``path`` leads to something that can be called."""
    try:
        found = import_string(path)
    except ImportError as error:
        yield f"{where}: {path} cannot be imported ({error})."
    else:
        if not callable(found):
            yield f"{where}: {path} cannot be called."
