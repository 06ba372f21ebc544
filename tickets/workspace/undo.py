"""Taking back one's own last step (UX-01): by the action that is declared to undo it, or by doing it again with the
values that it replaced. Either is a step of its own, through ``perform`` like any other, and a true inverse: columns,
clocks and what waits to be told are as if the step had not been, and the log says that it was taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from tickets.actions import is_allowed, perform, refusal_of
from tickets.errors import ActionConflict, ActionNotFound
from tickets.forms import TEXT_FIELD
from tickets.lifecycle import RESTORE, Action
from tickets.models import Ticket, TimelineEntry

#: How long after a step it can be taken back.
OFFERED_FOR = timedelta(minutes=10)


def undo_step(
    entry: TimelineEntry,
    *,
    user: User,
    now: datetime,
    via: str = TimelineEntry.Via.WEB,
    at: datetime | None = None,
) -> TimelineEntry:
    """Take back the step that ``entry`` tells of, as a step of its own, whose entry is returned.

    ``at`` is for tests; otherwise the database's time after locking. Raises ActionConflict with the reason when
    that is not possible (any more), and what ``perform`` raises.
    """
    ticket = entry.ticket.kind_info.model.objects.visible_to(user).filter(pk=entry.ticket_id).first()
    if ticket is None:
        raise ActionNotFound(_("There is no such ticket."))
    back, reason = _way_back(entry, ticket, user, now)
    if back is None:
        raise ActionConflict(reason)
    data, undone = _input(entry, ticket, back, user), ticket.kind_info.actions[entry.action].undone
    with transaction.atomic():
        taken = perform(ticket, back.name, user=user, data=data, version=ticket.version, via=via, now=at, undoes=entry)
        if undone:
            import_string(undone)(ticket=taken.ticket, now=taken.at)
    return taken


def can_undo(entry: TimelineEntry, user: User, ticket: Ticket | None = None) -> bool:
    """Whether it makes sense to offer ``user`` to take back ``entry``, which was just written."""
    back, _reason = _way_back(entry, ticket or entry.ticket.specific, user, entry.at)
    return back is not None


def _way_back(entry: TimelineEntry, ticket: Ticket, user: User, now: datetime) -> tuple[Action | None, Any]:
    """The action that takes ``entry`` back, or the reason why there is none."""
    actions = ticket.kind_info.actions
    action = actions.get(entry.action)
    back = _inverse(action, entry, actions) if action else None
    if action is None or back is None:
        return None, _("This step cannot be taken back.")
    if entry.actor_id != user.pk or now - entry.at > OFFERED_FOR:
        return None, _("Only your own last steps can be taken back, for %(count)d minutes.") % {
            "count": OFFERED_FOR.total_seconds() // 60
        }
    if back.versioned and (since := _since(entry, ticket)):
        return None, since
    if not back.starts_in(ticket.state) or not is_allowed(back, ticket, user):
        return None, _("You may not do this: %(action)s.") % {"action": back.label}
    reason = refusal_of(back, ticket, user)
    return (None, reason) if reason else (back, None)


def _since(entry: TimelineEntry, ticket: Ticket) -> Any:
    """Why what happened since keeps ``entry`` from being taken back; None: nothing, or what follows it back."""
    if ticket.version == entry.version:
        return None
    actions = ticket.kind_info.actions
    steps = TimelineEntry.objects.filter(ticket_id=ticket.pk, pk__gt=entry.pk, version__gt=entry.version)
    later = [step for step in steps.order_by("pk") if step.action in actions]
    follows = all(s.actor_id is None and s.at == entry.at and actions[s.action].follows for s in later)
    if later and follows and later[-1].version == ticket.version:
        return None
    return _("The ticket has moved on since; nothing was taken back.")


def _inverse(action: Action, entry: TimelineEntry, actions: Mapping[str, Action]) -> Action | None:
    """The declared inverse where it leads back to where the ticket was; else the action itself, with old values."""
    if not action.undo:
        return None
    stayed = entry.state_from in ("", entry.state_to)
    inverse = actions.get(action.undo)
    if inverse and (entry.state_from in inverse.targets if not stayed else not inverse.targets):
        return inverse
    return action if stayed and entry.changes and (action.undo == RESTORE or action.asks) else None


def _input(entry: TimelineEntry, ticket: Ticket, back: Action, user: User) -> dict[str, Any]:
    """What the form of ``back`` is given: the old values, else what the step itself was given."""
    form = back.form_class(ticket=ticket, user=user)
    if back.name == entry.action:
        old = {change["field"]: _key(change["old"]) for change in entry.changes}
        kept = {} if form.keeps_missing else {name: form.initial.get(name) for name in form.fields}
        data = {**kept, **{name: value for name, value in old.items() if name in form.fields}}
    else:
        data = {name: _key(value) for name, value in entry.data.items() if name in form.fields}
    if TEXT_FIELD in form.fields:
        data[TEXT_FIELD] = _("Taken back.")
    return {name: "" if value is None else value for name, value in data.items()}


def _key(value: Any) -> Any:
    """A recorded value as forms take it: rows by their key."""
    if isinstance(value, dict):
        return value["id"]
    return [_key(item) for item in value] if isinstance(value, list) else value
