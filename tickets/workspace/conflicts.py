"""What changed since a person read a ticket, beside what they typed; nothing of either is lost (TKT-07)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from accounts.models import User
from tickets.forms import ActionForm
from tickets.models import Ticket
from tickets.timeline import Change, Line, changes_since

#: Posted beside the fields: whose value counts where both changed one, ``mine`` or ``theirs``.
TAKE = "take-"


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else changed, as ``components/conflict.html`` shows it.

    ``old`` is what the person read, ``current`` what it is now, by ``changed_by`` at ``changed_at``; ``yours`` what
    they typed. ``asks``: both changed it, so the person chooses; ``theirs`` is the present value as a form sends it.
    """

    field: str
    label: str
    old: str
    current: str
    yours: str
    changed_by: str
    changed_at: datetime
    asks: bool = False
    theirs: str = ""


def conflict_lines(ticket: Ticket, user: User, version: int, form: ActionForm) -> list[Conflict]:
    """Every field that somebody changed after ``version``. ``form`` is bound to what the person typed."""
    first: dict[str, Change] = {}
    last: dict[str, tuple[Change, Line]] = {}
    for entry in changes_since(ticket, version, user):
        for change in entry.changes:
            first.setdefault(change.field, change)
            last[change.field] = (change, entry)
    lines = [_line(first[name], *last[name], form) for name in last]
    return [line for line in lines if line.old != line.current or line.asks]


def _line(before: Change, now: Change, entry: Line, form: ActionForm) -> Conflict:
    asked = now.field in form.fields
    asks = asked and _is_touched(form, before) and _is_touched(form, now, value=now.new_value)
    return Conflict(
        field=now.field,
        label=now.label,
        old=before.old,
        current=now.new,
        yours=_typed(form, now.field) if asked and _is_touched(form, before) else "",
        changed_by=entry.actor_name,
        changed_at=entry.at,
        asks=asks,
        theirs=", ".join(present_values(form, now.field)) if asks else "",
    )


_READ = object()


def _is_touched(form: ActionForm, change: Change, value: Any = _READ) -> bool:
    """Whether the person typed something else than what they read (or than ``value``)."""
    field = form.fields[change.field]
    read = change.old_value if value is _READ else value
    typed = form.data.get(form.add_prefix(change.field))
    if isinstance(field, forms.DateTimeField) and isinstance(read, str):
        read = parse_datetime(read)
    if isinstance(read, str) and isinstance(typed, str):
        return read.replace("\r\n", "\n").strip() != typed.replace("\r\n", "\n").strip()
    return field.has_changed(read, typed)


def present_values(form: ActionForm, name: str) -> list[str]:
    """The ticket's present value of a field, as a form posts it."""
    value = form.get_initial_for_field(form.fields[name], name)
    shown = form.fields[name].widget.format_value(form.fields[name].prepare_value(value))
    values = shown if isinstance(shown, list | tuple) else [shown]
    return [str(one) for one in values if one is not None] or [""]


def keep_what_others_did(form: ActionForm, lines: list[Conflict]) -> None:
    """Where only others changed a field, let the bound ``form`` show and send their value, not the one read before."""
    data = form.data
    assert isinstance(data, QueryDict)  # noqa: S101 - pages post; programs never see this
    for line in lines:
        if line.field in form.fields and not line.asks:
            data.setlist(line.field, present_values(form, line.field))


def take_theirs(data: QueryDict, form: ActionForm) -> None:
    """Replace fields of the posted ``data`` for which the person chose the ticket's present value."""
    for key in [key for key in data if key.startswith(TAKE)]:
        name, choice = key.removeprefix(TAKE), data.get(key)
        del data[key]
        if choice == "theirs" and name in form.fields:
            data.setlist(name, present_values(form, name))


def _typed(form: ActionForm, name: str) -> str:
    """What the person typed into the field of this name, as they would read it."""
    field, value = form.fields[name], form.data.get(name, "")
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None and field.to_field_name:
        row = field.queryset.filter(**{field.to_field_name: value}).first()
        return field.label_from_instance(row) if row else str(value)
    choices = {str(key): str(label) for key, label in getattr(field, "choices", None) or ()}
    return choices.get(value, str(value))
