"""The one door through which records change: ``perform``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import models, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from records.errors import ActionInvalid, RecordChanged
from records.lifecycle import NEW, Step
from records.models import Record, RecordEntry
from records.overtaken import changed_by
from records.verdicts import check_allowed, check_possible, find_action

#: Columns that the door keeps by itself; they are no news in the log.
BOOKKEEPING = frozenset({"id", "state", "version", "created_at", "updated_at"})


def perform(
    record: Record,
    name: str,
    *,
    user: User | None,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    version: int | None = None,
    via: str = RecordEntry.Via.WEB,
) -> RecordEntry:
    """Take the step ``name`` of ``record`` for ``user`` (None: the portal itself) at ``now``, and log it.

    One transaction: lock and re-read, who, when, version, input, the step's method, store, log, effect. ``data`` feeds
    the step's form; ``version`` is the one that the person read. Returns the line of the log; ``entry.record`` is the
    record as it stands afterwards.

    Raises ActionNotFound, ActionForbidden, ActionConflict, RecordChanged, ActionInvalid; then nothing has changed.
    """
    with transaction.atomic():
        record = record if record.pk is None else record.locked(user)
        step: Step = find_action(record, name)
        check_allowed(step, record, user)
        check_possible(step, record, user)
        if step.versioned and version is not None and version != record.version:
            raise RecordChanged(_said_by(record), record)
        before, state_from = _snapshot(record), record.state
        form = _bound(step, record, user, data or {}, via)
        if not form.is_valid():
            raise ActionInvalid(form)
        return _carry_out(record, step, form, before, state_from, user, now, via)


def _said_by(record: Record) -> str:
    """Who changed it last, and when."""
    last = record.log.select_related("actor").first()  # type: ignore[attr-defined]  # each family's own log
    if last is None:
        return _("Somebody changed this since you opened it.")
    return changed_by(last.actor, last.at)


def _bound(step: Step, record: Record, user: User | None, data: Mapping[str, Any], via: str) -> Any:
    """The form with what was sent. A page sends every field; a program what it wants, and nothing that is unknown."""
    made = step.form_class
    if via != RecordEntry.Via.API:
        return made(data, record=record, user=user)
    form = made({**made(record=record, user=user).kept(), **data}, record=record, user=user)
    form.refuse_unknown(data)
    return form


def _carry_out(
    record: Record,
    step: Step,
    form: Any,
    before: dict[str, Any],
    state_from: str,
    user: User | None,
    now: datetime,
    via: str,
) -> RecordEntry:
    """What was checked is done: method, store, log, effect."""
    if step.creates:
        record.begin(user=user, now=now)
    step.take(record, user=user, now=now, form=form)
    record.keep(now=now)
    record.save()
    form.save_related()
    entry: RecordEntry = record.log.create(  # type: ignore[attr-defined]  # each family's own log
        at=now,
        actor=user,
        step=step.name,
        via=RecordEntry.Via.SYSTEM if user is None else via,
        version=record.version,
        state_from="" if state_from == NEW else state_from,
        state_to=record.state,
        changes=[] if step.creates else _changes(before, _snapshot(record)),
    )
    if step.effect:
        import_string(step.effect)(record=record, entry=entry, user=user, now=now)
    return entry


def _snapshot(record: Record) -> dict[str, Any]:
    """Every column, and what stands in tables between, as people read it."""
    if record.pk is None:
        return {}
    columns = [field for field in record._meta.concrete_fields if field.name not in BOOKKEEPING]
    found = {field.name: _readable(record, field) for field in columns}
    return found | {
        field.name: sorted(str(row) for row in getattr(record, field.name).all())
        for field in record._meta.many_to_many
    }


def _readable(record: Record, field: models.Field) -> Any:
    """A value as the log keeps it; moments to the minute, as people type them."""
    value = getattr(record, field.name)
    if value is None or isinstance(value, bool | int):
        return value
    return value.astimezone(UTC).isoformat(timespec="minutes") if isinstance(value, datetime) else str(value)


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"field": name, "old": before[name], "new": after[name]} for name in before if before[name] != after[name]]
