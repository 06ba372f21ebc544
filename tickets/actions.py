"""The one door through which tickets change: ``perform``; what may be done now is asked as of any record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from records.verdicts import (
    Available,
    available_actions,
    check_allowed,
    check_possible,
    find_action,
    is_allowed,
    is_hidden,
    refusal_of,
)
from tickets import clock
from tickets.database.numbers import allocate_number
from tickets.errors import ActionInvalid, ActionNotFound, TicketChanged
from tickets.files.attachments import attach_files
from tickets.forms import ATTACHMENTS_FIELD, TEXT_FIELD, ActionForm, json_value
from tickets.lifecycle import Action
from tickets.meaning import NO_PRIORITY, Grade
from tickets.models import Ticket, TimelineEntry
from tickets.signals import action_logged, action_performed

__all__ = ["Available", "available_actions", "is_allowed", "is_hidden", "perform", "refusal_of"]

#: What the log calls a step that takes another one back.
TAKEN_BACK = "taken_back"
#: Columns that the door sets itself whenever a ticket is stored.
DOOR = frozenset({"state", "phase", "version", "updated_at", "priority_rank"})
#: Columns that the portal keeps by itself; they are no news in the timeline.
BOOKKEEPING = frozenset(
    {
        "id",
        "ticket_ptr",
        "kind",
        "number",
        "state",
        "phase",
        "version",
        "priority_rank",
        "created_at",
        "updated_at",
        "planned_response_at",
        "planned_completion_at",
        "responded_in_time",
        "completed_in_time",
        "dispatched_in_time",
        "queue_due_at",
        "due_soon_at",
        "escalated_at",
        "closes_at",
        "assigned_at",
        "responded_at",
        "resolved_at",
        "closed_at",
        "waiting_since",
        "waited",
        "wait_count",
        "urge_count",
        "children_total",
        "children_open",
        "rounds_open",
        "registered_by",
        "external_system",
        "external_number",
        "emergency_since",
        "called_in_at",
        "first_arrived_at",
        "emergency_over_at",
        "confirmed_at",
        "confirmed_by",
        "confirmed_how",
        "satisfaction_heard",
    }
)


def perform(
    ticket: Ticket,
    name: str,
    *,
    user: User | None,
    data: Mapping[str, Any] | None = None,
    files: Any = None,
    version: int | None = None,
    strict: bool = False,
    via: str = TimelineEntry.Via.WEB,
    now: datetime | None = None,
    undoes: TimelineEntry | None = None,
) -> TimelineEntry:
    """Do the action ``name`` on ``ticket`` for ``user`` (None: the portal itself) and log it.

    Everything happens in one transaction: lock and re-read, who, when, version, input, the action's
    body, timeline, columns that follow, save, files, effect, signal. ``data``/``files`` feed the action's
    form. ``version`` is the one that the person read; ``strict``: it counts for whatever action. ``undoes``:
    the step that this one takes back; then the columns that it changed are set to what they were, and the log says so
    (``tickets.workspace.undo``). ``now`` is for imports and tests; otherwise the database's time after locking.
    Returns the timeline entry; ``entry.ticket`` is the ticket as it stands afterwards.

    Raises ActionNotFound, ActionForbidden, ActionConflict, TicketChanged, ActionInvalid; then nothing
    has changed.
    """
    with transaction.atomic():
        ticket = _locked(ticket, user)
        now = now or clock.now()
        action: Action = find_action(ticket, name)
        check_allowed(action, ticket, user)
        check_possible(action, ticket, user)
        _check_version(action, ticket, version, strict=strict)
        restored = undoes is not None and undoes.before is not None and undoes.action == name and not action.effect
        form = _asking_nothing(ticket, user, now) if restored else bound_form(action, ticket, user, data, files, now)
        _check_input(form, via)
        return _carry_out(action, ticket, form, user, via, now, undoes, restored=restored)


def _carry_out(
    action: Action,
    ticket: Ticket,
    form: ActionForm,
    user: User | None,
    via: str,
    now: datetime,
    undoes: TimelineEntry | None,
    *,
    restored: bool,
) -> TimelineEntry:
    """What was checked is done, and the ticket stored once, before other records see it.

    ``restored``: columns alone are set.
    """
    before = _snapshot(ticket)
    state_from = "" if action.creates else ticket.state
    ticket.came_by = via
    if not restored:
        action.take(ticket, user=user, now=now, **form.body_values())
    if undoes is not None and undoes.before is not None:
        _set_back(ticket, undoes.before, now_is=before)
    changes = [] if action.creates else _changes(ticket, before)
    _settle(ticket, changed=bool(changes) or ticket.state != state_from, now=now)
    if action.creates:
        _insert(ticket, now)
        before = _snapshot(ticket)
    entry = _log(ticket, action, form, user, via, now, state_from, changes, before, undoes)
    happened = {"ticket": ticket, "entry": entry, "action": action, "user": user, "now": now}
    if not action.creates:
        _store(before, happened)
    _attach(entry, form)
    if action.effect:
        import_string(action.effect)(ticket=ticket, entry=entry, user=user, now=now, cleaned=form.cleaned_data)
    if action.creates and entry.ticket is ticket:  # else its effect has moved it on at once, by an action of its own
        _store(before, happened)
    action_performed.send(type(ticket), **happened)
    return entry


def bound_form(
    action: Action,
    ticket: Ticket,
    user: User | None,
    data: Mapping[str, Any] | None,
    files: Any = None,
    now: datetime | None = None,
) -> ActionForm:
    """Bind ``data`` to the action's form; fields that an editing form misses keep the ticket's value."""
    data = data or {}
    form: ActionForm = action.form_class(data, files, ticket=ticket, user=user, now=now)
    form.is_public = action.public and not action.private_text
    if form.keeps_missing:
        kept = {k: v for k, v in form.initial.items() if k not in data and v is not None}
        form.data = {**kept, **{key: data[key] for key in data}}
    return form


def _asking_nothing(ticket: Ticket, user: User | None, now: datetime) -> ActionForm:
    """The form of a step whose values are known."""
    return ActionForm({}, ticket=ticket, user=user, now=now)


def _locked(ticket: Ticket, user: User | None) -> Ticket:
    """Lock the parent, then the ticket; return it as it stands now, when ``user`` still sees it."""
    if ticket.pk is None:
        return ticket
    if ticket.parent_id is not None:
        list(Ticket.objects.select_for_update(no_key=True).filter(pk=ticket.parent_id).values("pk"))
    model = ticket.kind_info.model
    found = model.objects.all() if user is None else model.objects.visible_to(user)
    locked = found.select_for_update(of=("ticket_ptr",), no_key=True).filter(pk=ticket.pk).first()
    if locked is None:
        raise ActionNotFound(_("There is no such ticket."))
    return locked


def _check_version(action: Action, ticket: Ticket, version: int | None, *, strict: bool = False) -> None:
    if version is not None and (action.versioned or strict) and version != ticket.version:
        raise TicketChanged(_("Somebody changed this ticket since you opened it."), ticket)


def _check_input(form: ActionForm, via: str) -> None:
    """A page sends more than the form's fields; a program that does so made a mistake."""
    if via == TimelineEntry.Via.API:
        form.refuse_unknown([*form.data, *form.files])
    if not form.is_valid():
        raise ActionInvalid(form)


def _attach(entry: TimelineEntry, form: ActionForm) -> None:
    """Store the files that came with the action; too many for the ticket are an error of the form."""
    try:
        attach_files(entry, form.cleaned_data.get(ATTACHMENTS_FIELD) or [])
    except ValidationError as error:
        form.add_error(ATTACHMENTS_FIELD, error)
        raise ActionInvalid(form) from None


def _snapshot(ticket: Ticket) -> dict[str, Any]:
    return {field.attname: getattr(ticket, field.attname) for field in ticket._meta.concrete_fields}


def _changes(ticket: Ticket, before: dict[str, Any]) -> list[dict[str, Any]]:
    """What the action changed, as old and new values that people can read."""
    return [
        {
            "field": field.name,
            "old": _readable(field, before[field.attname]),
            "new": _readable(field, getattr(ticket, field.attname)),
        }
        for field in ticket._meta.concrete_fields
        if field.name not in BOOKKEEPING and before[field.attname] != getattr(ticket, field.attname)
    ]


def _readable(field: models.Field, value: Any) -> Any:
    if value is not None and isinstance(field, models.ForeignKey):
        value = field.related_model._base_manager.get(pk=value)
    return json_value(value)


def _settle(ticket: Ticket, *, changed: bool, now: datetime) -> None:
    """Set the columns that the door keeps. The version grows with what a person could overwrite."""
    kind = ticket.kind_info
    ticket.phase = kind.phase_of(ticket.state)
    ticket.priority_rank = _rank_of(ticket)
    ticket.updated_at = now
    if ticket.pk is not None:
        ticket.version += changed


def _insert(ticket: Ticket, now: datetime) -> None:
    kind = ticket.kind_info
    ticket.kind, ticket.created_at = kind.code, ticket.created_at or now
    ticket.number = allocate_number(kind.prefix, now)
    ticket.save(force_insert=True)


def _store(before: dict[str, Any], happened: dict[str, Any]) -> None:
    """Let receivers set what follows, then write the columns that differ: each table once, or not at all."""
    ticket = happened["ticket"]
    action_logged.send(type(ticket), **happened)
    fields = ticket._meta.concrete_fields
    ticket.save(update_fields=[f.name for f in fields if before[f.attname] != getattr(ticket, f.attname)])


def _rank_of(ticket: Ticket) -> int:
    """Its priority's rank; ``NO_PRIORITY`` where the kind needs none. Raises ValueError when one is missing."""
    if ticket.priority is not None:
        return ticket.priority.rank
    if ticket.kind_info.grade is Grade.PRIORITY:
        raise ValueError("A ticket of this kind has a priority.")
    return NO_PRIORITY


def _log(
    ticket: Ticket,
    action: Action,
    form: ActionForm,
    user: User | None,
    via: str,
    now: datetime,
    state_from: str,
    changes: list[Any],
    before: dict[str, Any],
    undoes: TimelineEntry | None,
) -> TimelineEntry:
    changed = {change["field"] for change in changes}
    entry = TimelineEntry(
        ticket=ticket,
        at=now,
        actor=user,
        action=action.name,
        via=TimelineEntry.Via.SYSTEM if user is None else via,
        is_public=action.public,
        version=ticket.version,
        state_from=state_from,
        state_to=ticket.state,
        text=form.cleaned_data.get(TEXT_FIELD) or "",
        changes=changes,
        data={k: v for k, v in form.as_record().items() if k not in changed},
        before=_kept(ticket, before) if action.undo and not action.creates else None,
    )
    if undoes is not None:
        entry.action, entry.text, entry.is_public, entry.before = TAKEN_BACK, "", undoes.is_public, None
        entry.data = {"step": undoes.action, "entry": undoes.pk, "since": undoes.at.isoformat()}
    entry.save(force_insert=True)
    return entry


def _kept(ticket: Ticket, before: dict[str, Any]) -> dict[str, Any]:
    """The columns that an action changed, as they were."""
    return {name: value for name, value in before.items() if name not in DOOR and getattr(ticket, name) != value}


def _set_back(ticket: Ticket, was: Mapping[str, Any], *, now_is: Mapping[str, Any]) -> None:
    """Give the columns that a step changed the values that they had before it, and leave all others as they are."""
    for field in ticket._meta.concrete_fields:
        name = field.attname
        if name not in DOOR:
            setattr(ticket, name, field.to_python(was[name]) if name in was else now_is[name])
