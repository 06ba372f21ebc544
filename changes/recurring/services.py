"""Making and steering recurring changes; raising what is due, once for each date, also after the portal was down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accounts.codes import in_both
from accounts.models import User
from changes.models import Change
from changes.reading import refuse_unread
from changes.recurring.dates import Window, windows_after
from changes.recurring.models import Occurrence, Recurrence
from changes.recurring.notices import tell_of_recurrence
from changes.recurring.versions import record
from itsm.moments import moment_for_all
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionError, ActionInvalid
from tickets.models import TimelineEntry
from tickets.services import log_event

Status = Recurrence.Status
#: So many dates of one rule are dealt with in one round; the next round goes on.
MOST = 20


@transaction.atomic
def make(*, owner: User, now: datetime, items: Any = (), **typed: Any) -> Recurrence:
    """Store a rule; dates that have passed are never raised."""
    made = Recurrence.objects.create(owner=owner, handled_until=now, **typed)
    made.items.set(items)
    record(made, by=owner, now=now)
    return made


@transaction.atomic
def edit(
    made: Recurrence, *, user: User, now: datetime, known: int | None = None, items: Any = (), **typed: Any
) -> None:
    """Let it come by another rule from ``now`` on; what was raised stays.

    ``known``: number of the version that the person read. Raises ActionConflict when it has ended, or another version
    stands.
    """
    one = _locked(made)
    if one.status == Status.ENDED:
        raise _not_possible(one)
    refuse_unread(one.versions.select_related("made_by").first(), known)
    record(one, by=None, now=now)  # as it stood, when it is older than its history
    for name, value in {**typed, "handled_until": max(one.handled_until, now)}.items():
        setattr(one, name, value)
    one.save()
    one.items.set(items)
    record(one, by=user, now=now)


def pause(made: Recurrence, user: User, now: datetime) -> None:
    """Raise nothing until it is resumed. Raises ActionConflict unless it is active."""
    _to(made, user, now, Status.PAUSED, Status.ACTIVE)


def resume(made: Recurrence, user: User, now: datetime) -> None:
    """Go on with dates to come; what passed meanwhile is not made up for. Raises ActionConflict unless paused."""
    _to(made, user, now, Status.ACTIVE, Status.PAUSED, handled_until=max(made.handled_until, now))


def end(made: Recurrence, user: User, now: datetime) -> None:
    """Raise nothing more, for good; what was raised stays. Raises ActionConflict when it has ended."""
    _to(made, user, now, Status.ENDED, Status.ACTIVE, Status.PAUSED)


def take_over(made: Recurrence, user: User, now: datetime) -> None:
    """Own it: changes are raised in one's name, one is told. Raises ActionConflict when it has ended."""
    _to(made, user, now, made.status, Status.ACTIVE, Status.PAUSED, owner=user)


STEPS: dict[str, Callable[[Recurrence, User, datetime], None]] = {
    "pause": pause,
    "resume": resume,
    "end": end,
    "take_over": take_over,
}


def _locked(made: Recurrence) -> Recurrence:
    return Recurrence.objects.select_for_update(of=("self",)).get(pk=made.pk)


def _not_possible(made: Recurrence) -> ActionConflict:
    return ActionConflict(_("This is not possible in the state “%(state)s”.") % {"state": made.get_status_display()})


@transaction.atomic
def _to(made: Recurrence, user: User, now: datetime, status: str, *sources: str, **more: Any) -> None:
    one = _locked(made)
    if one.status not in sources:
        raise _not_possible(one)
    record(one, by=None, now=now)  # as it stood, when it is older than its history
    for name, value in {**more, "status": status}.items():
        setattr(one, name, value)
        setattr(made, name, value)
    one.save(update_fields=["status", *more])
    record(one, by=user, now=now)


def raise_due(now: datetime) -> int:
    """Deal with every date whose time to be raised has come; how many there were. Run by several, each does some."""
    keys = Recurrence.objects.filter(status=Status.ACTIVE).values_list("pk", flat=True).order_by("pk")
    return sum(_raise_of(key, now) for key in list(keys))


@transaction.atomic
def _raise_of(key: int, now: datetime) -> int:
    """The due dates of one rule; none when another program is at it."""
    made = Recurrence.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=key, status=Status.ACTIVE)
    one = made.select_related("template", "copied").first()
    if one is None:
        return 0
    done = 0
    for window in windows_after(one, one.handled_until):
        if window[0] - timedelta(days=one.ahead) > now or done == MOST:
            break
        _deal_with(one, window, now)
        Recurrence.objects.filter(pk=key).update(handled_until=window[0])
        done += 1
    return done


def _deal_with(made: Recurrence, window: Window, now: datetime) -> None:
    """Raise the change of a date; or keep why not, and tell whoever owns it."""
    change, refusal = None, ""
    try:
        if window[1] <= now:
            raise ActionConflict(_("The portal was not running: its window had passed."))
        change = _raised(made, window, now)
    except ActionError as error:
        refusal = _words(error)
    Occurrence.objects.create(recurrence=made, begins_at=window[0], change=change, refusal=refusal, at=now)
    text = in_both(lambda: _told(made, window, change, refusal))
    tell_of_recurrence(recurrence=made, begins_at=window[0], change=change, text=text, now=now)


def _raised(made: Recurrence, window: Window, now: datetime) -> Change:
    """Order the template, or draft the copy, in the name of the owner. Raises ActionError."""
    owner = User.objects.with_access().get(pk=made.owner_id)
    if not owner.is_active:
        raise ActionConflict(_("Its owner cannot sign in any more; somebody must take it over."))
    known = {name: at.isoformat() for name, at in zip(("planned_start", "planned_end"), window, strict=True)}
    items = list(made.items.visible_to(owner).values_list("identifier", flat=True))
    data: dict[str, Any] = {"summary": made.title, **({"items": items} if items else {}), **known}
    name = "order" if made.template else "register"
    if made.template is not None:
        data |= {"template": made.template.code}
    elif made.copied is not None:  # one of both, the database says
        data |= _copy_of(made.copied, owner)
    via = TimelineEntry.Via.SYSTEM
    with transaction.atomic(), override(owner.language or get_language()):
        change: Any = perform(Change(), name, user=owner, data=data, via=via, now=now).ticket
        log_event(ticket=change, event="change_recurred", user=None, now=now, title=made.title)
    return change


def _copy_of(source: Change, owner: User) -> dict[str, Any]:
    """What the form repeats by itself: said here that its owner may still read it."""
    if not Change.objects.visible_to(owner).filter(pk=source.pk).exists():
        raise ActionConflict(_("Its owner does not see %(number)s any more.") % {"number": source.number})
    return {"copy_of": source.number}


def _words(error: ActionError) -> str:
    if isinstance(error, ActionInvalid):
        return " ".join(str(text) for texts in error.form.errors.values() for text in texts)
    return str(error.message)


def _told(made: Recurrence, window: Window, change: Change | None, refusal: str) -> str:
    said = {"at": moment_for_all(window[0]), "title": made.title, "why": refusal}
    if change is None:
        return _("%(title)s, %(at)s: no change was raised. %(why)s") % said
    return _("%(title)s, %(at)s: %(number)s was raised.") % {**said, "number": change.number}
