"""What the lifecycles say, as text for people: state diagrams, permission tables, the list of actions.

Pure: reads the declarations only. ``manage.py docs`` writes it to ``docs/generated/``, where a changed rule
shows up in review.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.utils.translation import override

from accounts.models import Organisation, SupportGroup, User
from records.lifecycle import ANY, NEW, Family
from tickets.forms import ATTACHMENTS_FIELD
from tickets.lifecycle import Action, Kind
from tickets.models import Ticket

#: Role code -> (name, permission codes).
Roles = Mapping[str, tuple[str, frozenset[str]]]

#: What somebody can be to a ticket, beside holding a role: mark in the table, meaning.
RELATIONS = {
    "A": "the assignee",
    "M": "a member of the assigned group",
    "L": "the lead of the assigned group",
    "R": "the requester",
    "O": "who registered it",
    "U": "anybody with the role, as long as no group is assigned",
}
EVERYBODY = "●"
_NOTE = "<!-- Written by `make docs` from the lifecycles. Do not edit. -->"
_ID = 1  # of the person for whom a rule is tried; records of others have higher ids


def documents(kinds: Iterable[Kind], roles: Roles, families: Iterable[Family] = ()) -> dict[str, str]:
    """Return file name -> content of everything that is generated, in English."""
    with override("en"):
        kinds = list(kinds)
        files = {f"{kind.code}.md": kind_document(kind, roles) for kind in kinds}
        files |= {f"{family.code}.md": family_document(family) for family in families}
        return files | {"actions.md": actions_document(kinds)}


def kind_document(kind: Kind, roles: Roles) -> str:
    """The states, transitions and permissions of one kind."""
    parts = [
        f"# {kind.label}",
        _NOTE,
        (kind.model.__doc__ or "").strip().splitlines()[0],
        "## States",
        f"```mermaid\n{state_diagram(kind)}\n```",
        _table(("state", "name", "phase"), _states(kind)),
        "## Actions",
        "Who: the rule. When: the guards. Log: whether the requester sees the line in the timeline.",
        _table(("action", "button", "from", "to", "who", "when", "log"), _actions(kind)),
        "## Who may do what, by role",
        f"`{EVERYBODY}` on every ticket that the person sees. Otherwise only " + _legend() + ".",
        _permissions(kind, roles),
    ]
    return "\n\n".join(parts) + "\n"


def family_document(family: Family) -> str:
    """The states and steps of records without a number."""
    names: Any = family.model._meta.verbose_name_plural
    return "\n\n".join(
        [
            f"# {str(names).capitalize()}",
            _NOTE,
            (family.model.__doc__ or "").strip().splitlines()[0],
            "## States",
            f"```mermaid\n{state_diagram(family)}\n```",
            "## Steps",
            "Who: the rule. When: the guards. Every step is a line of the log.",
            _table(("step", "button", "from", "to", "who", "when"), (row[:6] for row in _actions(family))),
            "",
        ]
    )


def state_diagram(kind: Kind | Family) -> str:
    """The states and what leads from one to the next, in Mermaid's notation."""
    lines = ["stateDiagram-v2", *(f'    state "{kind.state_label(state)}" as {state}' for state in kind.states.values)]
    lines += [f"    {start} --> {end}: {', '.join(names)}" for (start, end), names in _arrows(kind).items()]
    return "\n".join([*lines, *(f"    {state} --> [*]" for state in _ends(kind))])


def _arrows(kind: Kind | Family) -> dict[tuple[str, str], list[str]]:
    """Labels of the actions between each two states, in the order of declaration."""
    arrows: dict[tuple[str, str], list[str]] = {}
    transitions = kind.transitions()
    for action in kind.actions.values():
        for source in (NEW, *kind.states.values):
            for target in action.targets:
                if (action.name, source, target) in transitions:
                    start = "[*]" if source == NEW else source
                    arrows.setdefault((start, target), []).append(str(action.label))
    return arrows


def _ends(kind: Kind | Family) -> list[str]:
    left = {source for _name, source, _target in kind.transitions()}
    return [state for state in kind.states.values if state not in left]


def _states(kind: Kind) -> Iterator[tuple[str, ...]]:
    for state in kind.states.values:
        yield state, str(kind.state_label(state)), str(kind.phase_of(state).label)


def _actions(kind: Kind | Family) -> Iterator[tuple[str, ...]]:
    for action in kind.actions.values():
        who = "The portal itself." if action.system else _first_line(action.allow)
        yield (
            f"`{action.name}`",
            str(action.label),
            "any" if ANY in action.sources else ", ".join(action.sources),
            ", ".join(action.targets),
            who,
            " ".join(_first_line(guard) for guard in (*action.hidden_by, *action.guards)),
            "public" if getattr(action, "public", False) else "internal",
        )


def _permissions(kind: Kind, roles: Roles) -> str:
    rows = [
        (f"`{action.name}`", *(permission_mark(kind, action, codes) for _name, codes in roles.values()))
        for action in kind.actions.values()
        if not action.system
    ]
    return _table(("action", *(name for name, _codes in roles.values())), rows)


def permission_mark(kind: Kind, action: Action, permissions: frozenset[str]) -> str:
    """Whom the action's rule lets in among those with ``permissions``: everybody, or those of some relation."""
    if _lets_in(kind, action, permissions, ""):
        return EVERYBODY
    return " ".join(relation for relation in RELATIONS if _lets_in(kind, action, permissions, relation))


def _lets_in(kind: Kind, action: Action, permissions: frozenset[str], relation: str) -> bool:
    assert action.allow is not None  # noqa: S101 - a system check refuses people's actions without a rule
    return bool(action.allow(*_example(kind, permissions, relation)))


def _example(kind: Kind, permissions: frozenset[str], relation: str) -> tuple[Ticket, User]:
    """An assigned ticket of a customer, and a person who is ``relation`` to it. Neither is stored."""
    customer = Organisation(pk=1, kind=Organisation.Kind.CUSTOMER)
    user = User(pk=_ID, organisation=Organisation(pk=2, kind=Organisation.Kind.PROVIDER))
    other = User(pk=_ID + 1, organisation=customer)
    group = SupportGroup(pk=1, lead=user if relation == "L" else other)
    user.permissions = permissions
    user.group_ids = frozenset({group.pk if relation == "M" else group.pk + 1})
    ticket = kind.model(
        organisation=customer,
        group=None if relation == "U" else group,
        assignee=None if relation == "U" else user if relation == "A" else other,
        requester=user if relation == "R" else other,
        registered_by=user if relation == "O" else other,
    )
    return ticket, user


def actions_document(kinds: Iterable[Kind]) -> str:
    """Every action of every kind: what it means, what it asks, its key, what the timeline says."""
    parts = ["# Actions", _NOTE]
    for kind in kinds:
        parts += [f"## {kind.label}", _table(("action", "meaning", "asks", "key", "timeline"), _meanings(kind))]
    return "\n\n".join(parts) + "\n"


def _meanings(kind: Kind) -> Iterator[tuple[str, ...]]:
    for action in kind.actions.values():
        yield f"`{action.name}`", action.help, ", ".join(_inputs(action)), action.key, str(action.done)


def _inputs(action: Action) -> Iterator[str]:
    """Names of the form's fields; an asterisk marks those that must be filled in."""
    for name, field in action.form_class.base_fields.items():
        if name != ATTACHMENTS_FIELD:
            yield f"`{name}`" + ("*" if field.required else "")


def _legend() -> str:
    return ", ".join(f"`{mark}` {meaning}" for mark, meaning in RELATIONS.items())


def _first_line(function: Callable[..., Any] | None) -> str:
    return ((function and function.__doc__) or "").strip().partition("\n")[0]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
