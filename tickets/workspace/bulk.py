"""One action on many tickets: everything that can be done is done, the rest is listed with reasons (TKT-08)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from tickets.actions import available_actions, perform
from tickets.errors import ActionError, ActionInvalid, ActionNotFound
from tickets.forms import ATTACHMENTS_FIELD, ActionForm
from tickets.lifecycle import Action, kinds
from tickets.models import Ticket, TimelineEntry

#: More tickets than this are not changed at once by a page: nobody checks so many.
LIMIT = 500
INTENT_ORDER = {"primary": 0, "normal": 1, "danger": 2}
#: What rules and guards look at.
READ_BY_RULES = ("priority", "group", "assignee", "registered_by__organisation", "organisation")


@dataclass(frozen=True)
class Wanted:
    """A ticket that was ticked; ``version``: the one that the person saw, None when it does not matter."""

    number: str
    version: int | None = None

    @classmethod
    def parse(cls, text: str) -> Wanted:
        """From ``NUMBER`` or ``NUMBER@VERSION``."""
        number, _sign, version = text.strip().partition("@")
        return cls(number.upper(), int(version) if version.isascii() and version.isdecimal() else None)


@dataclass(frozen=True)
class Outcome:
    """What became of one ticket: ``entry`` when it was done, else the ``error`` and its ``reason`` for people."""

    number: str
    summary: str = ""
    entry: TimelineEntry | None = None
    error: ActionError | None = None
    reason: str = ""

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.entry is not None


@dataclass
class Choice:
    """An action that is possible for at least one of the ticked tickets; ``tickets`` are those."""

    action: Action
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def count(self) -> int:
        """For how many."""
        return len(self.tickets)


def tickets_of(numbers: Iterable[str], user: User) -> dict[str, Ticket]:
    """Those of ``numbers`` that ``user`` sees, as their kinds, by number. One query a kind."""
    wanted = list(dict.fromkeys(numbers))
    found: dict[str, Ticket] = {}
    for kind in kinds():
        named = [number for number in wanted if number.startswith(kind.prefix)]
        if named:
            rows = kind.model.objects.visible_to(user).filter(number__in=named).select_related(*READ_BY_RULES)
            found |= {ticket.number: ticket for ticket in rows}
    return {number: found[number] for number in wanted if number in found}


def choices_for(tickets: Iterable[Ticket], user: User) -> list[Choice]:
    """Bulk actions that at least one of ``tickets`` allows now: what moves them on first, what ends badly last.

    Kinds may give one name different forms: then the form of the first ticket counts.
    """
    found: dict[str, Choice] = {}
    for ticket in tickets:
        for item in available_actions(ticket, user):
            if item.action.bulk and item.enabled:
                choice = found.setdefault(item.action.name, Choice(item.action))
                if choice.action.form == item.action.form:
                    choice.tickets.append(ticket)
    return sorted(found.values(), key=lambda choice: (INTENT_ORDER[choice.action.intent], -choice.count))


def bulk_form(action: Action, ticket: Ticket, user: User, data: Any = None) -> ActionForm:
    """The form that asks once for all, empty and without files; of some actions only the fields that they name."""
    form: ActionForm = action.form_class(data, ticket=ticket, user=user, initial={})
    form.fields.pop(ATTACHMENTS_FIELD, None)
    if isinstance(action.bulk, tuple):
        for name in set(form.fields) - set(action.bulk):
            del form.fields[name]
        for kept in form.fields.values():
            kept.required = False
    return form


def asked_data(action: Action, data: Mapping[str, Any]) -> Any:
    """``data`` as each ticket gets it: where only some fields are asked for, empty ones change nothing."""
    if not isinstance(action.bulk, tuple):
        return data
    return {name: data[name] for name in action.bulk if data.get(name)}


def perform_bulk(
    wanted: Iterable[Wanted],
    name: str,
    *,
    user: User,
    data: Mapping[str, Any],
    via: str = TimelineEntry.Via.WEB,
    may_go_on: Callable[[], bool] = lambda: True,
) -> tuple[list[Outcome], list[Wanted]]:
    """Do the action ``name`` on each of ``wanted``, each in a transaction of its own.

    Return what became of each, and those that were not tried because ``may_go_on`` said no: never fewer than one is
    tried. Safe to repeat with what was not tried.
    """
    todo = list(dict.fromkeys(wanted))
    tickets = tickets_of([one.number for one in todo], user)
    outcomes: list[Outcome] = []
    for number, one in enumerate(todo):
        if number and not may_go_on():
            return outcomes, todo[number:]
        outcomes.append(_perform_one(tickets.get(one.number), one, name, user, data, via))
    return outcomes, []


def _perform_one(
    ticket: Ticket | None, one: Wanted, name: str, user: User, data: Mapping[str, Any], via: str
) -> Outcome:
    try:
        if ticket is None:
            raise ActionNotFound(_("There is no such ticket."))
        action = ticket.kind_info.actions.get(name)
        if action is None or not action.bulk:
            raise ActionNotFound(_("This cannot be done with such a ticket."))
        given = asked_data(action, data)
        entry = perform(ticket, name, user=user, data=given, version=one.version, via=via)
    except ActionError as error:
        return Outcome(one.number, ticket.summary if ticket else "", error=error, reason=reason_of(error))
    return Outcome(one.number, entry.ticket.summary, entry=entry)


def reason_of(error: ActionError) -> str:
    """Why it was refused, in a line."""
    if not isinstance(error, ActionInvalid):
        return str(error.message)
    fields = error.form.fields
    return " ".join(
        f"{fields[name].label}: {text}" if name in fields else str(text)
        for name, texts in error.form.errors.items()
        for text in texts
    )
