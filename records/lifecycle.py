"""Declaring what can happen to a record: ``@step`` on a method of its model, ``register_family`` on the model.

``Step`` holds what every step has, of a ticket as well (``tickets.lifecycle.Action`` adds what only tickets know).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

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
    ``versioned``: refused when the record changed since the person read it. ``help`` is the method's docstring.
    """

    #: The form of a step that asks nothing.
    plain_form: ClassVar[str] = "records.forms.StepForm"

    name: str
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


def step(
    *, source: str | Sequence[str], target: str | None = None, **details: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a method of a record as a step; ``details`` are the other columns of ``Step``.

    Raises TypeError for a detail that there is not, or one that is missing.
    """
    sources = (source,) if isinstance(source, str) else tuple(source)

    def declare(method: Callable[..., None]) -> Callable[..., None]:
        spec = Step(
            name=method.__name__,
            help=help_text(method.__doc__),
            sources=tuple(str(state) for state in sources),
            target=None if target is None else str(target),
            **details,
        )
        fsm_source = sources[0] if len(sources) == 1 else list(sources)
        moves: Callable[..., None] = transition(
            field="state", source=fsm_source, target=target, custom={"action": spec}
        )(method)
        return moves

    return declare


def declared_actions(model: type[Any]) -> dict[str, Any]:
    """Steps by name of ``model``: its own first, in the order of declaration."""
    found: dict[str, Any] = {}
    for cls in model.__mro__:
        for name, attribute in vars(cls).items():
            meta = getattr(attribute, "_django_fsm", None)
            if meta is not None and name not in found:
                found[name] = next(iter(meta.transitions.values())).custom["action"]
    return found


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
        return declared_actions(self.model)

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
