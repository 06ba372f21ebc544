"""Declaring what can happen to a record: a ``StepSet``, which its model takes as ``lifecycle``; ``register_family``.

``Step`` holds what every step has, of a ticket as well (``tickets.lifecycle.Action`` adds what only tickets know).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db import models
from django.utils.module_loading import import_string
from django_fsm import transition

from itsm.docstrings import help_text

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from records.models import Record

    Text = str | Promise

#: The state of a record that is not stored yet. Steps that create one start here.
NEW = "new"
#: As a source: every stored state.
ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that can happen to a record.

    ``sources`` states and ``target`` (None keeps the state); ``label`` on the button; ``done`` what the log says;
    ``allow`` who, a function of (record, user); ``guards`` when, functions of (record, user) that return the reason
    against it or None; ``hidden_by`` guards whose refusal hides the button, because another step stands in its place
    then; ``form`` dotted path of the form that checks the input, in pages and API alike; ``effect`` dotted path of a
    service that writes elsewhere, in the same transaction; ``system``: the portal itself takes it, people do not.
    ``versioned``: refused when the record changed since the person read it. ``body`` sets the columns of the record, a
    function of it and of what the door gives by name; ``help`` is its docstring.
    """

    #: The form of a step that asks nothing.
    plain_form: ClassVar[str] = "records.forms.StepForm"

    name: str
    body: Callable[..., None]
    help: str
    sources: tuple[str, ...]
    target: str | None
    label: Text
    done: Text
    allow: Callable[[Any, Any], bool] | None = None
    guards: tuple[Callable[[Any, Any], Any], ...] = ()
    hidden_by: tuple[Callable[[Any, Any], Any], ...] = ()
    form: str | None = None
    effect: str | None = None
    intent: str = "normal"
    icon: str = ""
    system: bool = False
    versioned: bool = True

    @property
    def targets(self) -> tuple[str, ...]:
        """The states to which it can lead; none when it keeps the state."""
        return (self.target,) if self.target is not None else ()

    @property
    def leads_to(self) -> Any:
        """The target, as django-fsm takes it."""
        return self.target

    @property
    def creates(self) -> bool:
        """Whether it makes a new record."""
        return NEW in self.sources

    def starts_in(self, state: str) -> bool:
        """Whether it is declared for records in ``state``."""
        return state in self.sources or (ANY in self.sources and state != NEW)

    @cached_property
    def form_class(self) -> Any:
        """The form that checks its input."""
        return import_string(self.form or self.plain_form)

    def take(self, record: Any, **given: Any) -> None:
        """Set the columns of ``record`` and its state; the doors alone store it. Raises TransitionNotAllowed."""
        getattr(record, self.name)(**given)

    def as_method(self) -> Callable[..., None]:
        """Its body as a method of a model: a transition of django-fsm that no other model has."""

        @wraps(self.body)
        def method(record: Any, **given: Any) -> None:
            self.body(record, **given)

        moves: Callable[..., None] = transition(field="state", source=[*self.sources], target=self.leads_to)(method)
        return moves


S = TypeVar("S", bound=Step)
Body = TypeVar("Body", bound=Callable[..., None])


class Declared(Mapping[str, S]):
    """What can happen to the rows of a model, by name: what is declared with it, then what it takes of other sets.

    As an attribute of a model it gives the model a method for each, made anew while Django makes the class: two models
    with one decorated function would start from the states of both, says django-fsm, and what comes later it does not
    find. What was read takes nothing more. Raises TypeError for a name that is given twice.
    """

    def __init__(self, *taken: Mapping[str, S]) -> None:
        self._own: list[S] = []
        self._taken = taken

    @cached_property
    def _by_name(self) -> Mapping[str, S]:
        found: dict[str, S] = {}
        for one in (*self._own, *(one for part in self._taken for one in part.values())):
            if one.name in found:
                raise TypeError(f"{one.name} is declared twice.")
            found[one.name] = one
        return found

    def __getitem__(self, name: str) -> S:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def contribute_to_class(self, model: type[models.Model], name: str) -> None:
        """Become the attribute ``name`` of ``model``, and its methods: Django calls it while it makes the class."""
        setattr(model, name, self)
        for one in self.values():
            if one.name in vars(model):
                raise TypeError(f"{model.__name__} has {one.name} already, which is no action.")
            setattr(model, one.name, one.as_method())

    def _declare(
        self, sort: type[S], source: str | Sequence[str], target: str | None, details: dict[str, Any]
    ) -> Callable[[Body], Body]:
        """A decorator that takes a function as the body of a new one of ``sort``."""
        if "_by_name" in vars(self):
            raise TypeError("What was read takes nothing more: declare it in the module of the set.")
        sources = (source,) if isinstance(source, str) else source

        def declare(body: Body) -> Body:
            one = sort(
                name=body.__name__,
                body=body,
                help=help_text(body.__doc__),
                sources=tuple(str(state) for state in sources),
                target=None if target is None else str(target),
                **details,
            )
            self._own.append(one)
            return body

        return declare


class StepSet(Declared[Step]):
    """The steps of records."""

    def step(
        self, *, source: str | Sequence[str], target: str | None = None, **details: Any
    ) -> Callable[[Body], Body]:
        """Declare a function of a record as a step; ``details`` are the other columns of ``Step``.

        Raises TypeError for a detail that there is not, or one that is missing.
        """
        return self._declare(Step, source, target, details)


def transitions_of(actions: Mapping[str, Any], states: Any) -> set[tuple[str, str, str]]:
    """Every declared change of state as (action, from, to); ``NEW`` starts a life."""
    found = set()
    for spec in actions.values():
        sources = states.values if ANY in spec.sources else spec.sources
        found |= {(spec.name, source, target) for source in sources for target in spec.targets}
    return found


@dataclass(frozen=True)
class Family:
    """Records of one sort. ``code`` names it; ``model`` holds them, ``states`` those that they can be in."""

    code: str
    model: type[Record]
    states: Any

    @cached_property
    def actions(self) -> Mapping[str, Step]:
        """What can happen, by name."""
        return self.model.lifecycle

    def transitions(self) -> set[tuple[str, str, str]]:
        """Every declared change of state as (action, from, to)."""
        return transitions_of(self.actions, self.states)

    def state_label(self, state: str) -> Text:
        """The name of ``state`` for people."""
        label: Text = self.states(state).label
        return label


_families: dict[type[Any], Family] = {}


def register_family(code: str, states: Any) -> Callable[[type[Any]], type[Any]]:
    """Class decorator: make a model known as a family of records to doors, checks, documents and contract tests."""

    def register(model: type[Any]) -> type[Any]:
        _families[model] = Family(code, model, states)
        return model

    return register


def families() -> list[Family]:
    """Every family, in the order of registration."""
    return list(_families.values())


def family_of(model: type[Any]) -> Family:
    """The family that ``model`` was registered as. Raises KeyError when it was not."""
    return _families[model]
