"""Who may take a step, and when: the same questions for tickets and all other records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.utils.translation import gettext as _

from records.errors import ActionConflict, ActionForbidden, ActionNotFound
from records.lifecycle import Step


class HasActions(Protocol):
    """A record, or a ticket: it stands in a state, and knows what can happen to it."""

    pk: Any
    state: Any

    @property
    def actions(self) -> Any:
        """What can happen to it, by name."""

    @property
    def state_label(self) -> Any:
        """The state's name for people."""


StepType = TypeVar("StepType", bound=Step)


@dataclass(frozen=True)
class Available(Generic[StepType]):
    """An action that a person may do now; with a ``reason`` when a guard holds it back."""

    action: StepType
    reason: Any = None

    @property
    def enabled(self) -> bool:
        """Whether it can be done right now."""
        return self.reason is None


def find_action(record: HasActions, name: str) -> Any:
    """The step called ``name``: one that creates for what is not stored, any other for what is. Or ActionNotFound."""
    found = record.actions.get(name)
    if found is None or found.creates != (record.pk is None):
        raise ActionNotFound(_("There is no such action."))
    return found


def is_allowed(step: Step, record: Any, user: Any) -> bool:
    """Whether the rule lets ``user`` do it. System steps are for the portal alone, every other for people alone."""
    if step.system or user is None:
        return step.system and user is None
    return bool(step.allow and step.allow(record, user))


def refusal_of(step: Step, record: Any, user: Any) -> Any:
    """The first reason of a guard against the step, or None."""
    reasons = (guard(record, user) for guard in (*step.hidden_by, *step.guards))
    return next((reason for reason in reasons if reason), None)


def is_hidden(step: Step, record: Any, user: Any) -> bool:
    """Whether another step stands in its place, as the record is now."""
    return any(guard(record, user) for guard in step.hidden_by)


def available_actions(record: HasActions, user: Any) -> list[Available[Any]]:
    """Steps whose rule lets ``user`` take them in the record's state, in the order of declaration."""
    return [
        Available(step, refusal_of(step, record, user))
        for step in record.actions.values()
        if step.starts_in(record.state) and is_allowed(step, record, user) and not is_hidden(step, record, user)
    ]


def check_allowed(step: Step, record: Any, user: Any) -> None:
    """Raise ActionForbidden when the rule says no."""
    if not is_allowed(step, record, user):
        raise ActionForbidden(_("You may not do this: %(action)s.") % {"action": step.label})


def check_possible(step: Step, record: HasActions, user: Any) -> None:
    """Raise ActionConflict, with the reason and what is possible, when the state or a guard says no."""
    reason = refusal_of(step, record, user)
    if not step.starts_in(record.state):
        reason = reason or _("This is not possible in the state “%(state)s”.") % {"state": record.state_label}
    if reason:
        possible = [] if user is None else [one.action.name for one in available_actions(record, user) if one.enabled]
        raise ActionConflict(reason, possible)
