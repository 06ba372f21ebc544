"""Declaring what can happen to tickets: ``ActionSet``, ``Phase``, ``Kind`` and the registry of kinds.

One declaration per action, in ``<kind>/lifecycle.py``. Buttons, forms, endpoints, permissions, timeline
texts, diagrams, the database trigger and the contract tests come from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import GET_STATE

from accounts.permissions import Permission
from records.lifecycle import Body, Declared, Step, transitions_of
from tickets.meaning import Audience, Clocks, Emergency, Grade, Imports, Panel, Tile

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from accounts.models import User
    from tickets.models import Ticket

    Text = str | Promise
    Rule = Callable[[Ticket, User], bool]
    Guard = Callable[[Any, User], Any]

#: As ``supplier``: the supplier is called in; something is said between supplier and engineer.
CALLED, TOLD = "called", "told"
#: What watchers are told of every step from one state to another (TKT-10).
MOVED = "moved"
#: As ``undo``: set back the values that the timeline entry recorded, as long as the state stayed the same.
RESTORE = "restore"


class Phase(models.TextChoices):
    """What a state means to queues, clocks and reports: the same for every kind."""

    OPEN = "open", pgettext_lazy("phase", "Open")
    WAITING = "waiting", _("Waiting")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")


class Section(models.TextChoices):
    """Under which heading a long menu of actions shows one, in this order."""

    STEP = "step", _("Next step")
    HELP = "help", _("Others take part")
    RECORD = "record", _("On record")
    FACTS = "facts", _("What it is about")
    END = "end", _("Ends here")


@dataclass(frozen=True, kw_only=True)
class Action(Step):
    """One thing that can happen to a ticket, as declared in an ``ActionSet``: a step, and what only tickets know.

    ``back_to``: in place of a target, the states to any of which it leads back, as ``came_from`` of the ticket says;
    ``hidden_by``: who tries all the same is told the reason, never that they have no right.
    ``public``: requesters see the timeline entry; ``private_text``: but not what was written with it.
    ``key`` of its button; ``menu``: offered as a button. ``edits``: properties whose value it changes in place.
    ``bulk``: offered for many tickets at once; a tuple names the fields that are asked for then. ``undo``: the action
    that takes it back, or ``RESTORE``: the values that it changed can be set back. ``undone``: dotted path of a
    service that is called when it was taken back. ``follows``: the portal does it because of the step before, and its
    opposite when that one is taken back. ``tells``: names of notices (``notifications.reactions``), those among them
    that a service gives. ``quiet``: it moves the state and nobody need be told but watchers, who learn of every step;
    ``manage.py check`` asks for one of both. ``removes``: what is chosen in its form is gone afterwards, and the log
    says so. ``supplier``: people of the ticket's supplier read the entry, too: ``CALLED`` begins what they read,
    ``TOLD`` is between them and us. ``section``: the heading of the menu, when it does not follow from the rest.
    """

    plain_form: ClassVar[str] = "tickets.forms.ActionForm"

    key: str = ""
    public: bool = True
    private_text: bool = False
    menu: bool = True
    edits: tuple[str, ...] = ()
    bulk: bool | tuple[str, ...] = False
    undo: str = ""
    undone: str | None = None
    follows: bool = False
    tells: tuple[str, ...] = ()
    quiet: bool = False
    removes: bool = False
    supplier: str = ""
    section: Section | None = None
    back_to: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The states to which it can lead; none when it keeps the state."""
        return self.back_to or super().targets

    @property
    def leads_to(self) -> Any:
        """The target, as django-fsm takes it."""
        back = GET_STATE(lambda ticket, **_given: ticket.came_from(), states=[*self.back_to])
        return back if self.back_to else self.target

    @property
    def heading(self) -> Section:
        """Under which heading the menu of a ticket shows it."""
        if self.section is not None:
            return self.section
        if self.intent == "danger":
            return Section.END
        return Section.STEP if self.targets else Section.FACTS

    @property
    def asks(self) -> bool:
        """Whether the action needs input, so that a button opens a form first."""
        return bool(self.form_class.base_fields.keys() - self.form_class.asked_late)


class ActionSet(Declared[Action]):
    """The actions of tickets. A set that starts in states of the kind is made by a function, called with them."""

    def action(
        self, *, source: str | Sequence[str], target: str | None = None, **details: Any
    ) -> Callable[[Body], Body]:
        """Declare a function of a ticket as an action; ``details`` are the other columns of ``Action``.

        Raises TypeError for a detail that there is not, or one that is missing.
        """
        return self._declare(Action, source, target, details)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of ticket: its names, its states and what they mean.

    ``public_fields``: columns of the kind that requesters read too; the others are for staff.
    ``supplier_fields``: those that people of the supplier read who was called in. ``banner``: what stands above
    the timeline.
    ``answers``: dotted path of a function that returns further fields of its API by name. ``names``: labels of values
    in the log that are no columns (any more).
    ``beside``: panels that stand beside the ticket, fetched once it is on the screen.
    ``takes_part``: dotted path of a function of a person: keys, as a query, of the tickets of which they do a part,
    though another has the whole (DESK-02).
    ``prints``: name of the address of the form that is printed and archived, with what it is called (TKT-12).
    ``imports``: how the history of another product becomes tickets of this kind (ADM-04).
    ``plain``: what its states are called for those who asked for it, where that is not their name (PRT-01).
    ``marks_items``: whether the graph of items tells of those that are not over (CMDB-04). ``counted_with``: dotted
    path of a function of (code of the kind, what is shared by tickets that changed): keys of others whose figures
    change with them.

    What it means has no default: ``manage.py check`` refuses a kind that leaves one of these unsaid.
    ``audience``: who reads it. ``registering`` and ``managing``: the permissions to register and to dispatch them.
    ``clocks``: what is timed. ``grade``: what it is graded by; only kinds graded by priority must have one.
    ``grade_column``: the column of its own level or type, whose codes policies may name.
    ``can_be_major``: whether rules about registered tickets of high priority call people (MAJ-01). ``emergency``: the
    procedure that such a priority begins, if any. ``views``: queues offered in its list. ``tiles``: by what
    requesters report it from their home, nothing when they do not.
    ``raised_from``: code of the kind from which several at once raise one. ``tells``: what actions that it shares
    with other kinds tell here, instead of what the action itself says.
    """

    code: str
    prefix: str
    slug: str
    label: Text
    label_plural: Text
    icon: str
    states: type[models.TextChoices]
    phases: Mapping[Any, Phase]
    steps: tuple[str, ...]
    details: str | None = None
    registers: str = "register"
    public_fields: tuple[str, ...] = ()
    supplier_fields: tuple[str, ...] = ()
    banner: Panel | None = None
    answers: str | None = None
    names: Mapping[str, Text] = field(default_factory=dict)
    beside: tuple[Panel, ...] = ()
    takes_part: str | None = None
    prints: tuple[str, Text] | None = None
    imports: Imports | None = None
    plain: Mapping[Any, Text] = field(default_factory=dict)
    marks_items: bool = False
    counted_with: str | None = None
    audience: Audience | None = None
    registering: Permission | None = None
    managing: Permission | None = None
    clocks: Clocks | None = None
    grade: Grade | None = None
    grade_column: str = ""
    can_be_major: bool | None = None
    emergency: Emergency | None = None
    views: tuple[str, ...] | None = None
    tiles: tuple[Tile, ...] | None = None
    raised_from: str = ""
    tells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    model: type[Ticket] = field(default=None, compare=False)  # type: ignore[assignment]

    @cached_property
    def actions(self) -> Mapping[str, Action]:
        """Actions by name: the kind's own first, in the order of declaration."""
        return self.model.lifecycle

    @property
    def in_portal(self) -> bool:
        """Whether requesters report it from their home."""
        return bool(self.tiles)

    @property
    def timed(self) -> Clocks:
        """What is timed of it. Raises ImproperlyConfigured when the kind does not say."""
        if self.clocks is None:
            raise ImproperlyConfigured(f"{self.code}: say what is timed (clocks=).")
        return self.clocks

    @property
    def register_action(self) -> Action | None:
        """The action by which people register one; None when they do not."""
        return self.actions.get(self.registers)

    def may_be_registered_by(self, user: User) -> bool:
        """Whether the person may register one."""
        action = self.register_action
        return bool(action and action.allow and action.allow(self.model(), user))

    def declared_to_tell(self, action: Action) -> tuple[str, ...]:
        """Names of the notices that ``action`` is said to give here."""
        return self.tells.get(action.name, action.tells)

    def told_by(self, action: str) -> tuple[str, ...]:
        """Names of the notices that ``action`` gives about a ticket of this kind; watchers learn of every step."""
        found = self.actions.get(action)
        told = self.declared_to_tell(found) if found else ()
        steps = found is not None and bool(found.targets) and not found.creates
        return (*told, MOVED) if steps and MOVED not in told else told

    def grade_of(self, ticket: Ticket) -> str:
        """The code of its level or type; empty when it has none, or none yet. A query for a row of another class."""
        return (getattr(ticket.specific, f"{self.grade_column}_id") or "") if self.grade_column else ""

    def grades(self) -> list[tuple[str, str]]:
        """The levels or types that one can have, by code and name."""
        if not self.grade_column:
            return []
        rows = self.model._meta.get_field(self.grade_column).related_model._default_manager.all()  # type: ignore[union-attr]
        return [(row.pk, str(row)) for row in rows]

    def phase_of(self, state: str) -> Phase:
        """What ``state`` means."""
        return self.phases[state]

    def state_label(self, state: str) -> Text:
        """The name of ``state`` for people."""
        return self.states(state).label

    def transitions(self) -> set[tuple[str, str, str]]:
        """Every declared change of state as (action, from, to); ``NEW`` starts a life."""
        return transitions_of(self.actions, self.states)


_kinds: dict[str, Kind] = {}


def register_kind(kind: Kind) -> Callable[[type[Any]], type[Any]]:
    """Class decorator: make a ticket model known as ``kind`` to pages, API, numbers and checks."""

    def register(model: type[Any]) -> type[Any]:
        _kinds[kind.code] = replace(kind, model=model)
        return model

    return register


def kinds() -> list[Kind]:
    """Every registered kind, in the order of registration."""
    return list(_kinds.values())


def kind_of(code: str) -> Kind:
    """The kind with ``code``. Raises KeyError for an unknown one."""
    return _kinds[code]


def kind_of_model(model: type[Any]) -> Kind:
    """The kind that ``model`` was registered as. Raises KeyError when it was not."""
    return {kind.model: kind for kind in _kinds.values()}[model]
