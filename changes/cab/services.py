"""Running meetings of the board: calling one, its agenda, presence, minutes. Decisions are made by ``approvals``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.codes import in_both
from accounts.models import User
from approvals.models import ApprovalRound, Decision, Outcome
from changes.cab.models import AgendaItem, Meeting, Presence
from changes.cab.notices import tell_of_meeting
from changes.cab.queries import asked_in, what_waits, who_read
from changes.informing.wording import span_of
from changes.models import Change
from itsm.moments import offset_text
from tickets.errors import ActionConflict
from tickets.services import log_event

Status = Meeting.Status
#: From which states each step of a meeting leads on.
FROM = {
    Status.INVITED: (Status.PLANNED, Status.INVITED),
    Status.OPEN: (Status.PLANNED, Status.INVITED),
    Status.HELD: (Status.OPEN,),
    Status.CANCELLED: (Status.PLANNED, Status.INVITED),
}


@transaction.atomic
def call_meeting(*, by: User, now: datetime, **fields: Any) -> Meeting:
    """Plan a meeting; its agenda is what waits for the board now."""
    meeting = Meeting.objects.create(made_by=by, made_at=now, **fields)
    _add(meeting, [row.round for row in what_waits() if not row.later])
    return meeting


def add_to_agenda(*, meeting: Meeting, change: Change) -> None:
    """Put the open round of ``change`` last on the agenda. Raises ActionConflict when nothing of it waits."""
    made = ApprovalRound.objects.filter(ticket=change.pk, outcome=Outcome.OPEN).first()
    if made is None:
        raise ActionConflict(_("%(number)s waits for no approval.") % {"number": change.number})
    with transaction.atomic():
        _add(_locked(meeting), [made])


def _add(meeting: Meeting, rounds: Iterable[ApprovalRound]) -> None:
    last = meeting.agenda.aggregate(last=Max("position"))["last"] or 0
    rows = [AgendaItem(meeting=meeting, round=made, position=last + n) for n, made in enumerate(rounds, start=1)]
    AgendaItem.objects.bulk_create(rows, ignore_conflicts=True)


def take_off_agenda(*, meeting: Meeting, change: Change) -> None:
    """Take ``change`` off the agenda; it still waits for approval."""
    with transaction.atomic():
        _locked(meeting).agenda.filter(round__ticket=change.pk).delete()


def move_on_agenda(*, meeting: Meeting, change: Change, up: bool) -> None:
    """Let ``change`` change places with the point before or behind it; the first and the last stay where they are."""
    with transaction.atomic():
        items = list(_locked(meeting).agenda.order_by("position", "pk").select_related("round"))
        at = next((n for n, item in enumerate(items) if item.round.ticket_id == change.pk), None)
        to = None if at is None else at - 1 if up else at + 1
        if at is not None and to is not None and 0 <= to < len(items):
            items[at], items[to] = items[to], items[at]
        for position, item in enumerate(items, start=1):
            item.position = position
        AgendaItem.objects.bulk_update(items, ["position"])


def write_note(*, meeting: Meeting, change: Change, text: str) -> None:
    """Write down what was said about ``change``."""
    with transaction.atomic():
        _locked(meeting).agenda.filter(round__ticket=change.pk).update(note=text)


def note_presence(*, meeting: Meeting, person: User, present: bool) -> None:
    """Write down whether ``person`` is there; who was not invited is added."""
    with transaction.atomic():
        Presence.objects.update_or_create(meeting=_locked(meeting), person=person, defaults={"present": present})


@transaction.atomic
def invite(*, meeting: Meeting, by: User, now: datetime) -> Meeting:
    """Send the agenda to the members and to whoever is asked in its rounds; again when the agenda has changed."""
    meeting = _step(meeting, Status.INVITED, now, "invited_at")
    _know(meeting, asked_in(meeting))
    _tell("cab_invited", meeting, by, now)
    return meeting


@transaction.atomic
def open_meeting(*, meeting: Meeting, by: User, now: datetime) -> Meeting:
    """Begin it; in an electronic one the members may vote, which is told."""
    meeting = _step(meeting, Status.OPEN, now, "opened_at")
    _know(meeting, asked_in(meeting))
    if meeting.electronic:
        _tell("cab_opened", meeting, by, now)
    return meeting


@transaction.atomic
def close_meeting(*, meeting: Meeting, by: User | None, now: datetime, minutes: str = "") -> Meeting:
    """End it: how each round stands is kept, each change's timeline names the meeting, the minutes are mailed.

    What is not decided still waits. ``by`` None: the portal, at the end of an electronic meeting.
    """
    meeting = _locked(meeting)
    _check(meeting, Status.HELD)
    items = list(meeting.agenda.select_related("round__ticket"))
    for item in items:
        item.outcome = item.round.outcome
        said = {"id": str(meeting.pk), "zh": meeting.title, "en": meeting.title}
        outcome = in_both(item.get_outcome_display)
        log_event(
            ticket=item.round.ticket, event="cab_held", user=by, now=now, meeting=said, outcome={"id": "", **outcome}
        )
    AgendaItem.objects.bulk_update(items, ["outcome"])
    meeting.status, meeting.closed_at, meeting.minutes = Status.HELD, now, minutes
    meeting.save()
    _tell("cab_minutes", meeting, by, now)
    return meeting


@transaction.atomic
def cancel_meeting(*, meeting: Meeting, by: User, now: datetime) -> Meeting:
    """Call it off; who was invited is told."""
    was_known = meeting.invited_at is not None
    meeting = _step(meeting, Status.CANCELLED, now, "closed_at")
    if was_known:
        _tell("cab_cancelled", meeting, by, now)
    return meeting


def close_electronic(now: datetime) -> int:
    """End electronic meetings whose time is over at ``now``; how many. Nothing is decided by that."""
    due = Meeting.objects.filter(electronic=True, status=Status.OPEN, ends_at__lte=now)
    return sum(_close_due(meeting, now) for meeting in due)


def _close_due(meeting: Meeting, now: datetime) -> bool:
    try:
        close_meeting(meeting=meeting, by=None, now=now)
    except ActionConflict:  # somebody was faster
        return False
    return True


def _locked(meeting: Meeting) -> Meeting:
    """The meeting, locked. Raises ActionConflict when it is over."""
    found = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if found.is_over:
        raise ActionConflict(_("This meeting is over."))
    return found


def _check(meeting: Meeting, target: str) -> None:
    if meeting.status not in FROM[Status(target)]:
        said = {"state": meeting.get_status_display()}
        raise ActionConflict(_("That is not possible while the meeting is: %(state)s.") % said)


def _step(meeting: Meeting, target: str, now: datetime, column: str) -> Meeting:
    meeting = _locked(meeting)
    _check(meeting, target)
    meeting.status = Status(target)
    setattr(meeting, column, now)
    meeting.save()
    return meeting


def _know(meeting: Meeting, keys: Iterable[int]) -> None:
    rows = [Presence(meeting=meeting, person_id=key) for key in keys]
    Presence.objects.bulk_create(rows, ignore_conflicts=True)


def _tell(what: str, meeting: Meeting, by: User | None, now: datetime) -> None:
    """Members, whoever is asked, and at the end whoever asked for or implements a change that was talked about.

    Only those of them who read the board: the text names every point, of whichever customer (ORG-03).
    """
    readers = set(meeting.people.values_list("person_id", flat=True))
    if what == "cab_minutes":
        rows = meeting.agenda.values_list("round__ticket__requester_id", "round__ticket__assignee_id")
        readers |= {key for row in rows for key in row if key is not None}
    readers.discard(by.pk if by else 0)
    with timezone.override(settings.TIME_ZONE):  # all read the same text, whatever the zone of whoever sends it
        text = in_both(lambda: text_of(meeting))
    tell_of_meeting(what=what, meeting=meeting, readers=who_read(readers), text=text, now=now)


def text_of(meeting: Meeting) -> str:
    """Agenda, or minutes when it was held, as plain text in the active language."""
    lines = [f"{meeting.title} · {_span(meeting)}"]
    if meeting.place:
        lines.append(meeting.place)
    lines += [line for item in meeting.agenda.select_related("round__ticket") for line in _lines_of(item)]
    there = [row.person.display_name for row in meeting.people.select_related("person") if row.present]
    if there:
        lines.append(_("Present: %(people)s") % {"people": ", ".join(there)})
    return "\n".join([*lines, meeting.minutes]).strip()


def _span(meeting: Meeting) -> str:
    """From when until when, and in which zone, since readers may be in another one."""
    return f"{span_of(meeting.starts_at, meeting.ends_at)} ({offset_text(meeting.starts_at)})"


def _lines_of(item: AgendaItem) -> list[str]:
    ticket = item.round.ticket
    head = f"{item.position}. {ticket.number} {ticket.summary}"
    if not item.outcome:
        return [head]
    decided = Decision.objects.filter(round=item.round).select_related("person", "for_person")
    votes = [f"{one.person.display_name}: {one.get_verdict_display()}" for one in decided]
    note = [f"   {item.note}"] if item.note else []
    return [f"{head} — {item.get_outcome_display()}", *note, *(f"   {vote}" for vote in votes)]
